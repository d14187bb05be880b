import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.urls import reverse

from accounts.desks import DESKS, UNSORTED, desk_of
from accounts.models import User
from accounts.roles import GRANTS, Role, permissions_of
from accounts.services.staff import UnknownPermissionsError, sync_roles
from tests.accounts.factories import UserFactory, staff_client, staff_member

pytestmark = pytest.mark.django_db


def granted_in_database(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role)
    return {
        f"{app}.{name}" for app, name in rows.values_list("content_type__app_label", "codename")
    }


def test_the_roles_are_those_of_the_product() -> None:
    named = {"compliance", "risk", "support", "treasury", "market-ops", "auditor", "superadmin"}
    assert set(Group.objects.values_list("name", flat=True)) == {*Role} == named


@pytest.mark.parametrize("role", Role)
def test_the_database_grants_what_the_table_says(role: Role) -> None:
    assert granted_in_database(role) == permissions_of(role)


def test_syncing_takes_away_what_the_table_does_not_say() -> None:
    auditor = Group.objects.get(name=Role.AUDITOR)
    auditor.permissions.add(Permission.objects.get(codename="change_user"))
    call_command("sync_roles")
    assert granted_in_database(Role.AUDITOR) == permissions_of(Role.AUDITOR)


def test_a_permission_that_no_model_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRANTS, "accounts.fly", (Role.RISK,))
    with pytest.raises(UnknownPermissionsError, match=r"accounts\.fly"):
        sync_roles()


def test_the_auditor_is_granted_looking_only() -> None:
    assert {name.split(".")[1].split("_")[0] for name in permissions_of(Role.AUDITOR)} == {"view"}


def test_the_auditor_sees_every_list_and_changes_none() -> None:
    auditor = staff_member(Role.AUDITOR)
    request = RequestFactory().get("/admin/")
    request.user = auditor
    for model, model_admin in admin.site._registry.items():
        label = model._meta.label_lower
        assert model_admin.has_view_permission(request), label
        assert not model_admin.has_add_permission(request), label
        assert not model_admin.has_change_permission(request), label
        assert not model_admin.has_delete_permission(request), label
        assert not model_admin.get_actions(request), label


def test_the_auditor_opens_every_list_over_http_and_no_form() -> None:
    client = staff_client(staff_member(Role.AUDITOR))
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403, name
        assert client.post(reverse(f"admin:{name}_add"), {}).status_code == 403, name


def test_every_filter_of_every_list_is_answered() -> None:
    client = staff_client(staff_member(Role.AUDITOR))
    asked = 0
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        shown = (client.get(address).context or {}).get("cl")
        for spec in shown.filter_specs if shown else ():
            choices = list(spec.choices(shown))
            for choice in (choices[0], choices[-1]):
                answer = client.get(address + choice["query_string"])
                assert answer.status_code == 200, (address, choice["query_string"])
                asked += 1
    assert asked > len(admin.site._registry)


def test_every_list_stands_on_a_desk() -> None:
    lost = [
        model._meta.label_lower
        for model in admin.site._registry
        if desk_of(model._meta.label_lower) == UNSORTED
    ]
    assert not lost, f"add these to accounts/desks.py: {lost}"


def test_the_index_shows_the_desks_of_a_role_and_no_other() -> None:
    page = staff_client(staff_member(Role.SUPPORT)).get("/admin/")
    assert [desk["name"] for desk in page.context["app_list"]] == [
        "People",
        "Compliance",
        "Markets",
        "Trading",
        "Money",
        "Audit",
    ]
    page = staff_client(staff_member(Role.SUPERADMIN)).get("/admin/")
    shown = [desk["name"] for desk in page.context["app_list"]]
    assert shown == [desk for desk in DESKS if desk in shown]


def test_a_superadmin_is_no_superuser() -> None:
    assert not staff_member(Role.SUPERADMIN).is_superuser
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory.create(is_superuser=True)
    with pytest.raises(NotImplementedError, match="enroll_staff"):
        User.objects.create_superuser("root@godark.example", "Correct-Horse-7")
