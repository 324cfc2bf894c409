"""What all tests share: asynchronous tests run on asyncio, by the plugin that comes with Starlette's anyio."""

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine says nothing about an example
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
