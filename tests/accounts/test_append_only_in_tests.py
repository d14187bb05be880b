import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import StaffAction
from accounts.services.audit import record_action

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_that_commits_leaves_the_next_one_an_empty_log_and_the_roles(turn: int) -> None:
    assert not StaffAction.objects.exists(), turn
    assert Group.objects.get(name="auditor").permissions.exists()
    with transaction.atomic():
        record_action(action="look")
