import pytest

from tests.program.world import World, opened


@pytest.fixture
def world() -> World:
    """Give an exchange with three markets, two vaults and money in them."""
    return opened()
