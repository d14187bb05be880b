"""The kept versions of the disclosure, and what each changed. What it says now: `disclosure`."""

from dataclasses import dataclass

from trading.models import DisclosureVersion


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a version: what holds, and what held before (None: it is new)."""

    name: str
    holds: str
    held: str | None
    is_new: bool
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a version, and the names of lines that are gone from it."""

    name: str
    lines: list[Line]
    gone: list[tuple[str, str]]

    @property
    def is_changed(self) -> bool:
        """Tell whether anything in it differs from the version before."""
        return bool(self.gone) or any(line.is_changed for line in self.lines)


def version_of(number: int | None, /) -> DisclosureVersion | None:
    """Return a version by its number, the newest if none is named."""
    versions = DisclosureVersion.objects.order_by("-number")
    return versions.first() if number is None else versions.filter(number=number).first()


def parts_of(version: DisclosureVersion, /) -> list[Part]:
    """Return a version's parts, each beside what stood in the version before."""
    before = DisclosureVersion.objects.filter(number=version.number - 1).first()
    now = _lines_of(version)
    then = _lines_of(before) if before else now
    return [_part(name, now.get(name, {}), then.get(name, {})) for name in {**now, **then}]


def _lines_of(version: DisclosureVersion, /) -> dict[str, dict[str, str]]:
    return {name: dict(lines) for name, lines in version.parts}


def _part(name: str, now: dict[str, str], then: dict[str, str], /) -> Part:
    lines = [
        Line(key, text, then.get(key), is_new=key not in then, is_changed=then.get(key) != text)
        for key, text in now.items()
    ]
    return Part(name, lines, [(key, text) for key, text in then.items() if key not in now])
