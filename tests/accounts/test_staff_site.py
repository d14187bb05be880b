import pytest

from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member

pytestmark = pytest.mark.django_db


def test_a_superadmin_with_a_second_factor_sees_the_desks() -> None:
    page = staff_client(staff_member(Role.SUPERADMIN)).get("/admin/")
    assert page.status_code == 200
    assert "Audit" in page.content.decode()
