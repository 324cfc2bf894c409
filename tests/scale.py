"""How large the tests that draw examples are: small by default, large with BROADSHEET_TEST_SCALE=large."""

import os


def scaled(small: int, large: int) -> int:
    """Return *large* where the environment asks for it, else *small*."""
    return large if os.environ.get("BROADSHEET_TEST_SCALE") == "large" else small
