"""How a person becomes a trader."""

from django.contrib.auth.hashers import make_password

from accounts.models import User


def sign_up(*, email: str, password: str) -> None:
    """Make a trader, unless the e-mail has an account already; nothing tells which (I78).

    Both ways cost one hash and one statement, and give the same nothing back. Who owns the
    address is settled by the verification link that will stand between here and the first log-in.
    """
    newcomer = User(email=email, password=make_password(password))
    User.objects.bulk_create([newcomer], ignore_conflicts=True)
