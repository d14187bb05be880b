"""The block that greets whoever has started the venue: address, log-ins, what to try.

Read from var/demo.json, so that a person sees what a program reads.
"""

import json
import os
from pathlib import Path
from typing import Any

from godark.supervisor.place import Place

LINE = "-" * 78


def greeting(place: Place, *, seconds: float) -> str:
    """Return the block, for a start that took so many seconds."""
    url = place.base_url
    lines = [LINE, f"GoDark is open: {url}/   (started in {seconds:.1f} s)"]
    if os.environ.get("GODARK_ENVIRONMENT", "development") == "production":
        public = os.environ.get("GODARK_BASE_URL", "")
        return "\n".join([*lines, f"People open {public}/   Log: {place.log}   Stop: Ctrl-C", LINE])
    lines += log_in_lines(read_demo(place.var / "demo.json"), url=url)
    lines += [
        "",
        "To try:",
        f"  {url}/markets        the sixty markets",
        f"  {url}/api/docs/      the API, to read and to call",
        f"  {url}/admin/         the back office (staff)",
        f"  {url}/api/v1/health  how each part is",
        "",
        f"Log: {place.log}   Stop: Ctrl-C   Start from nothing: make reset",
        LINE,
    ]
    return "\n".join(lines)


def read_demo(path: Path) -> dict[str, Any]:
    """Return var/demo.json, or nothing where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def log_in_lines(demo: dict[str, Any], *, url: str) -> list[str]:
    """Return the lines with the demonstration people, for programs in the file named first."""
    traders = [f"  {one['email']}   {one['password']}" for one in demo.get("traders", [])]
    staff = [
        f"  {one['email']}   {one['password']}   authenticator secret {one['totp_secret']}"
        for one in demo.get("staff", [])
    ]
    lines = []
    if traders:
        lines += ["", f"Traders log in at {url}/login:", *traders]
    if staff:
        lines += ["", f"Staff log in at {url}/admin/ (`make codes` shows the codes):", *staff]
    if lines:
        lines += ["", "For programs, the same is in var/demo.json."]
    return lines
