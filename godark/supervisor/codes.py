"""Show the demonstration staff's six-digit log-in codes of this half minute, from var/demo.json."""

import base64
import sys

from django_otp.oath import totp

from godark.supervisor.greeting import read_demo
from godark.supervisor.place import place_here


def main() -> None:
    """Print one line for each member of the demonstration staff."""
    staff = read_demo(place_here().var / "demo.json").get("staff", [])
    if not staff:
        sys.exit("There are no demonstration staff yet: `make run` makes them.")
    for one in staff:
        secret = one["totp_secret"].upper()
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        sys.stdout.write(f"{one['email']}   {totp(key):06d}\n")


if __name__ == "__main__":
    main()
