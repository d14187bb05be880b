from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.models import SecondFactor, StaffAction, User
from accounts.roles import Role
from accounts.services import audit
from accounts.services.audit import record_action
from accounts.staff_site import StaffAdmin
from tests.accounts.factories import (
    PASSWORD,
    UserFactory,
    authenticator_of,
    code_of,
    enter_back_office,
    staff_client,
    staff_member,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def superadmin() -> User:
    return staff_member(Role.SUPERADMIN)


def last() -> StaffAction:
    return StaffAction.objects.order_by("-pk")[0]


class FreeAdmin(StaffAdmin):
    """A list in which everything may be done, to see that it is recorded."""

    editable = ("name",)
    fields = ("name",)
    looks_are_recorded = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return True

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        del objs, request
        return [], {}, set(), []

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


def free_request(user: User, **typed: str) -> Any:
    request: Any = RequestFactory().post("/admin/", typed) if typed else RequestFactory().get("/")
    request.user = user
    request.user.is_verified = lambda: True
    request._messages = type("Nothing", (), {"add": lambda *_: None})()
    request._dont_enforce_csrf_checks = True
    return request


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_staffaction SET action = 'nothing'",
        "DELETE FROM accounts_staffaction",
    ],
)
def test_postgresql_refuses_to_rewrite_the_log(statement: str, superadmin: User) -> None:
    record_action(action="look", actor=superadmin)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")
    assert last().action == "look"


def test_somebody_who_stands_in_the_log_cannot_be_deleted(superadmin: User) -> None:
    record_action(action="look", actor=superadmin)
    with (
        pytest.raises(IntegrityError, match="accounts_staffaction"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM accounts_secondfactor;"
            " DELETE FROM accounts_user_groups; DELETE FROM accounts_user"
        )


def test_log_in_and_log_out_are_recorded(client: Client, superadmin: User) -> None:
    enter_back_office(client, superadmin)
    row = last()
    assert (row.action, row.outcome, row.actor) == ("log_in", "DONE", superadmin)
    assert (row.actor_email, row.actor_roles) == (superadmin.email, ["superadmin"])
    assert row.address == "127.0.0.1"
    client.post("/admin/logout/")
    assert (last().action, last().actor) == ("log_out", superadmin)


def test_a_row_names_the_request_and_the_client_that_the_middleware_found(superadmin: User) -> None:
    request = free_request(superadmin)
    request.request_id, request.client_address = "abcdef-123", "2001:db8::7"
    row = record_action(action="look", request=request)
    assert (row.request_id, row.address) == ("abcdef-123", "2001:db8::7")
    request.META["REMOTE_ADDR"], request.client_address = "", ""
    assert record_action(action="look", request=request).address is None


def test_log_in_at_the_traders_door_is_recorded_for_staff_only(superadmin: User) -> None:
    Client().post("/login", {"email": UserFactory.create().email, "password": PASSWORD})
    assert not StaffAction.objects.exists()
    Client().post("/login", {"email": superadmin.email, "password": PASSWORD})
    assert (last().action, last().actor) == ("log_in", superadmin)


def test_a_refused_log_in_is_recorded_without_what_a_stranger_typed(superadmin: User) -> None:
    enter_back_office(Client(), superadmin, password="Wrong-Horse-7")
    assert (last().action, last().outcome, last().actor) == ("log_in", "REFUSED", superadmin)
    enter_back_office(Client(), User(email="my-secret@godark.example"), code="000000")
    assert (last().outcome, last().actor, last().actor_email) == ("REFUSED", None, "")


def test_guesses_during_a_lock_do_not_fill_the_log(superadmin: User) -> None:
    for _ in range(9):
        enter_back_office(Client(), superadmin, password="Wrong-Horse-7")
    assert StaffAction.objects.count() == 5


def test_a_change_of_the_own_password_is_recorded(superadmin: User) -> None:
    client = staff_client(superadmin)
    new = "Another-Horse-8"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", typed | {"old_password": "x"}).status_code == 200
    assert not StaffAction.objects.exists()
    assert client.post("/admin/password_change/", typed).status_code == 302
    assert (last().action, last().actor) == ("change_password", superadmin)
    assert new not in str(last().changes)


def test_add_change_delete_and_look_through_a_list_are_recorded(superadmin: User) -> None:
    desk = FreeAdmin(Group, admin.site)
    desk.changeform_view(free_request(superadmin, name="first"))
    group = Group.objects.get(name="first")
    assert (last().action, last().changes) == ("add", {"name": [None, "first"]})
    desk.change_view(free_request(superadmin, name="second"), str(group.pk))
    row = last()
    assert (row.action, row.changes) == ("change", {"name": ["first", "second"]})
    assert (row.object_type, row.object_id) == ("auth.group", str(group.pk))
    desk.change_view(free_request(superadmin), str(group.pk))
    assert (last().action, last().object_name) == ("look", "second")
    desk.delete_view(free_request(superadmin, post="yes"), str(group.pk))
    assert (last().action, last().object_name) == ("delete", "second")
    assert not LogEntry.objects.exists()


def test_a_form_saved_as_it_was_leaves_no_row(superadmin: User) -> None:
    group = Group.objects.create(name="same")
    desk = FreeAdmin(Group, admin.site)
    answer = desk.change_view(free_request(superadmin, name="same"), str(group.pk))
    assert answer.status_code == 302
    assert not StaffAction.objects.filter(action="change").exists()


def test_an_action_and_its_row_stand_or_fall_together(
    superadmin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr("accounts.staff_site.record_action", fail)
    desk = FreeAdmin(Group, admin.site)
    with pytest.raises(RuntimeError, match="full"):
        desk.changeform_view(free_request(superadmin, name="first"))
    assert not Group.objects.filter(name="first").exists()


def test_an_admin_action_is_recorded_with_its_objects(superadmin: User) -> None:
    officer = staff_member(Role.RISK)
    device = SecondFactor.objects.get(user=officer)
    typed = {"action": "reset_devices", "_selected_action": [device.pk]}
    staff_client(superadmin).post("/admin/accounts/secondfactor/", typed)
    row = last()
    assert (row.action, row.actor, row.outcome) == ("reset_devices", superadmin, "DONE")
    assert row.object_type == "accounts.secondfactor"
    assert row.changes == {"objects": {str(device.pk): f"second factor of {officer.email}"}}


def test_a_refused_admin_action_is_recorded_and_undone(superadmin: User) -> None:
    own = SecondFactor.objects.get(user=superadmin)
    other = SecondFactor.objects.get(user=staff_member(Role.RISK))
    typed = {"action": "reset_devices", "_selected_action": [own.pk, other.pk]}
    client = staff_client(superadmin)
    assert client.post("/admin/accounts/secondfactor/", typed).status_code == 403
    assert (last().action, last().outcome) == ("reset_devices", "REFUSED")
    assert SecondFactor.objects.count() == 2


def test_a_trader_has_no_name_in_the_log(superadmin: User) -> None:
    trader = UserFactory.create()
    record_action(action="look", actor=superadmin, target=trader)
    device = authenticator_of(trader)
    record_action(action="look", actor=superadmin, target=device)
    for row in StaffAction.objects.all():
        assert trader.email not in str(vars(row))
    assert audit.name_of(superadmin) == superadmin.email


@pytest.mark.parametrize(
    ("role", "status"),
    [(role, 200 if role in {Role.AUDITOR, Role.SUPERADMIN} else 403) for role in Role],
)
def test_the_log_is_open_to_auditors_and_superadmins_alone(role: Role, status: int) -> None:
    client = staff_client(staff_member(role))
    assert client.get("/admin/accounts/staffaction/").status_code == status


def test_nobody_changes_the_log_in_the_back_office(superadmin: User) -> None:
    row = record_action(action="look", actor=superadmin)
    client = staff_client(superadmin)
    page = f"/admin/accounts/staffaction/{row.pk}/"
    assert client.get(f"{page}change/").status_code == 200
    assert client.post(f"{page}change/", {"action": "nothing"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/accounts/staffaction/add/").status_code == 403


def test_the_log_can_be_searched_filtered_and_read_by_object(superadmin: User) -> None:
    officer = staff_member(Role.RISK)
    record_action(action="look", actor=superadmin, target=officer)
    record_action(action="enroll", actor=superadmin, target=superadmin)
    client = staff_client(superadmin)
    shown = client.get("/admin/accounts/staffaction/", {"q": officer.email}).context["cl"]
    assert [row.action for row in shown.result_list] == ["look"]
    shown = client.get("/admin/accounts/staffaction/", {"action": "enroll"}).context["cl"]
    assert [row.action for row in shown.result_list] == ["enroll"]
    history = client.get(f"/admin/accounts/user/{officer.pk}/history/", follow=True)
    assert [row.action for row in history.context["cl"].result_list] == ["look"]
    assert b"historylink" in client.get(f"/admin/accounts/user/{officer.pk}/change/").content
    support = staff_client(staff_member(Role.SUPPORT))
    assert b"historylink" not in support.get(f"/admin/accounts/user/{officer.pk}/change/").content
    assert support.get(f"/admin/accounts/user/{officer.pk}/history/").status_code == 403


def test_an_action_that_raises_leaves_nothing_done(superadmin: User) -> None:
    def act(_admin: Any, _request: Any, rows: Any) -> None:
        rows.delete()
        raise PermissionDenied

    desk = FreeAdmin(Group, admin.site)
    desk.actions = (act,)
    request = free_request(superadmin)
    wrapped = desk.get_actions(request)["act"][0]
    before = Group.objects.count()
    with pytest.raises(PermissionDenied):
        wrapped(desk, request, Group.objects.all())
    assert Group.objects.count() == before
    assert (last().action, last().outcome) == ("act", "REFUSED")


def test_codes_and_passwords_never_reach_the_log(client: Client, superadmin: User) -> None:
    code = code_of(superadmin)
    enter_back_office(client, superadmin, code=code)
    assert code not in str(vars(last()))
    assert PASSWORD not in str(vars(last()))
