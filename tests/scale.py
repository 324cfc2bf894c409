"""Chooses how large the tests that draw examples are: large with BROADSHEET_TEST_SCALE=large, else small."""

import os


def scaled(small: int, large: int) -> int:
    """Return *large* where the environment asks for it, else *small*."""
    return large if os.environ.get("BROADSHEET_TEST_SCALE") == "large" else small
