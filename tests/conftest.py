"""Sets up what all tests share: Hypothesis without deadlines, and asynchronous tests on asyncio, by anyio's plugin."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine says nothing about an example.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
