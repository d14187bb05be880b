"""What tests of the site share: each looks at the parts anew, and closes its connections."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from godark.counting import limiter
from godark.health import watch


@pytest.fixture(autouse=True)
def fresh_watch() -> None:
    """Look at the parts of the venue anew in each test."""
    watch.forget()


@pytest_asyncio.fixture
async def on_loop() -> AsyncIterator[None]:
    """Close what the limiter opened on this test's event loop."""
    yield
    await limiter.close()
