"""Empty var/ after asking: the database, Redis, the logs, the demonstration log-ins."""

import shutil
import sys

from godark.supervisor.place import Place, RefusedError, hold_place, place_here


def main() -> None:
    """Ask unless `--yes` was given, then remove everything that lies in var/."""
    try:
        sys.stdout.write(reset(place_here(), agreed="--yes" in sys.argv) + "\n")
    except RefusedError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"var/ could not be emptied: {error}.")
    except KeyboardInterrupt:
        sys.exit("\nNothing was removed.")


def reset(place: Place, *, agreed: bool) -> str:
    """Empty var/ and return what was done; RefusedError where nothing was."""
    if not place.var.is_dir() or not any(place.var.iterdir()):
        return f"{place.var} is empty already."
    if not (place.var / "VERSION").exists() and not (place.var / "supervisor.lock").exists():
        raise RefusedError(f"{place.var} does not look like GoDark's: it has no file VERSION.")
    with hold_place(place):
        if not agreed and not person_agrees(place):
            raise RefusedError("Nothing was removed.")
        for path in place.var.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return f"{place.var} is empty."


def person_agrees(place: Place) -> bool:
    """Ask on the terminal; without one, nobody agrees."""
    question = f"Remove everything in {place.var} (the database too)? Type yes: "
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False


if __name__ == "__main__":
    main()
