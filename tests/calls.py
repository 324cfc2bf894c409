"""Bounds work by the calls that it makes, which are the same on every machine, busy or measured or neither."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


@contextmanager
def fewer_calls_than(most: int) -> Iterator[None]:
    """Fail if as many calls as *most*, of functions in Python or in C, are made within the context."""
    events = count()
    sys.setprofile(lambda *_: next(events))
    try:
        yield
    finally:
        sys.setprofile(None)
    assert next(events) < 2 * most  # each call is two events: its begin and its end
