from pathlib import Path

from godark.supervisor.log import VenueLog


def test_every_line_is_plain_and_named_and_only_the_owner_may_read_the_file(
    tmp_path: Path,
) -> None:
    log = VenueLog(tmp_path / "venue.log")
    log.write("web", "\x1b[32mGET\x1b[0m /")
    log.say("web is back.")
    log.close()
    lines = (tmp_path / "venue.log").read_text().splitlines()
    assert lines[0].endswith(" web      | GET /")
    assert lines[1].endswith(" godark   | web is back.")
    assert (tmp_path / "venue.log").stat().st_mode & 0o077 == 0
