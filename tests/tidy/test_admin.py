"""The back office reads; what staff may change is listed here, and nothing that moves money is."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import RequestFactory

# Label of the model -> what staff may do with it beside looking. This list says why in a word.
CHANGEABLE: dict[str, str] = {
    "accounts.user": "staff switch people off and give roles",
    "accounts.secondfactor": "a superadmin resets a lost second factor",
}
ASKED = ("add", "change", "delete")


def test_every_list_is_read_only_unless_it_is_listed() -> None:
    request = RequestFactory().get("/admin/")
    request.user = get_user_model()(is_staff=True, is_superuser=True, is_active=True)
    changeable = {
        model._meta.label_lower
        for model, model_admin in admin.site._registry.items()
        if any(getattr(model_admin, f"has_{verb}_permission")(request) for verb in ASKED)
    }
    assert changeable <= set(CHANGEABLE), changeable - set(CHANGEABLE)
