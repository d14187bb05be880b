"""What people type at the doors, and what is wrong with it, each error beside its field."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.emails import normalized_email
from accounts.models import User
from accounts.passwords import LONGEST
from accounts.services.sessions import authenticated_staff, authenticated_trader


class AddressField(forms.CharField):
    """An e-mail as it is stored."""

    def __init__(self, **options: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
        super().__init__(label="E-mail", max_length=254, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """Return the address in lower case, or refuse what is none."""
        return normalized_email(super().clean(value))


class PasswordField(forms.CharField):
    """A password as it was typed; too long a one never reaches the hasher."""

    def __init__(self, *, autocomplete: str, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=LONGEST, widget=widget, **options)


class CodeField(forms.RegexField):
    """The six digits that an authenticator shows, with or without a space between."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 7}
        )
        invalid = {"invalid": "The code has six digits."}
        super().__init__(regex=r"^[0-9]{6}$", widget=widget, error_messages=invalid, **options)

    def to_python(self, value: Any) -> str:
        """Return the digits alone."""
        return (super().to_python(value) or "").replace(" ", "")


class SignUpForm(forms.Form):
    """E-mail, password twice, and the terms."""

    email = AddressField()
    password = PasswordField(
        autocomplete="new-password",
        help_text="At least 8 characters: upper and lower case, a digit and a special character.",
    )
    confirm_password = PasswordField(autocomplete="new-password", label="Password again")
    agreed_to_terms = forms.BooleanField(
        label="I agree to the terms of use",
        error_messages={"required": "You can only trade here under the terms."},
    )

    def clean(self) -> dict[str, Any]:
        """Check the password against every rule at once, and against its repetition."""
        given = self.cleaned_data
        password = given.get("password")
        if password is None:
            return given
        try:
            validate_password(password, User(email=given.get("email", "")))
        except ValidationError as broken:
            self.add_error("password", broken)
        if given.get("confirm_password") not in {None, password}:
            self.add_error("confirm_password", "The two passwords differ.")
        return given


class LogInForm(forms.Form):
    """E-mail and password; `person` is who they belong to once the form is valid."""

    email = AddressField()
    password = PasswordField(autocomplete="current-password")

    wrong = "E-mail or password is wrong."
    person: User | None = None

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request

    def clean(self) -> dict[str, Any]:
        """Find the person, or refuse with the same words whatever was wrong (I78)."""
        if not self.errors:
            self.person = self.find_person()
            if self.person is None:
                raise ValidationError(self.wrong, code="wrong")
        return self.cleaned_data

    def find_person(self) -> User | None:
        """Return who may come in."""
        return authenticated_trader(
            request=self.request,
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password"],
        )


class StaffLogInForm(LogInForm):
    """E-mail, password and the code of the second factor, in one go."""

    code = CodeField(label="Authenticator code")

    wrong = "E-mail, password or code is wrong, or the code was used before."

    def find_person(self) -> User | None:
        """Return who may enter the back office."""
        return authenticated_staff(request=self.request, **self.cleaned_data)
