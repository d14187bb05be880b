import pytest
from django.db.transaction import TransactionManagementError

from accounts.services.audit import record_action


def test_a_row_outside_of_the_transaction_of_its_action_is_a_mistake() -> None:
    with pytest.raises(TransactionManagementError):
        record_action(action="look")
