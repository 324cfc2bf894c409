"""Converts a scalar as written to what its key holds: text, whole number, flag, instant, or what YAML 1.2 makes of it.

YAML 1.1, as most loaders implement it, reads a title `NO` as false and `12:30` as 750. So a plain scalar stays text
until it is known which key it belongs to.
"""

import re
from datetime import UTC, datetime
from typing import Any

GRAPHQL_INT = range(-(2**31), 2**31)
"""What GraphQL's Int holds: June 2018 specification onwards, section Int."""
JSON_INT = range(-(2**63), 2**64)
"""What JSON writers of 64 bits hold."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_UNUSUAL = re.compile(rf"(?:{_WHOLE.pattern}|{_NUMBER.pattern}|~|null|Null|NULL|true|True|TRUE|false|False|FALSE)?")
_SHORT_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:(?:[Tt]|\s+)(\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*([Zz]|[-+]\d\d(?::?\d\d)?)?)?", re.ASCII
)


class Unresolved(str):
    """A plain scalar that YAML's core rules would resolve to something else than text: a number, a flag, nothing."""

    __slots__ = ()


class MismatchError(ValueError):
    """A value is not what its key holds: a stable code, and what was found and expected."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


def scalar(written: str) -> str:
    """Return a plain scalar, marked as Unresolved if it would not be text by the core rules."""
    if written[-1:] == "Z" or (len(written) > 5 and written[0].isalpha()):
        return written  # instants and words: most of what there is
    return Unresolved(written) if _UNUSUAL.fullmatch(written) else written


def found(value: Any) -> str:
    """Say in a few words what stands there instead of what was expected."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    written = ascii(str(value)) if not str(value).isprintable() else f"'{value}'"
    written = written if len(written) <= 48 else f"{written[:45]}…'"
    return written if isinstance(value, str) else f"the number {written[1:-1]}"


def _mismatch(value: Any, expected: str) -> MismatchError:
    return MismatchError("value.type", f"found {found(value)}, expected {expected}")


def text(value: Any) -> str | None:
    """Return what was written, whatever it looks like; None where nothing was."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, Unresolved):
        return str(value) or None
    raise _mismatch(value, "text")


def whole(value: Any) -> int | None:
    """Return a whole number that GraphQL's Int can hold; quotes around it do no harm."""
    if type(value) is Unresolved and len(value) < 10 and value.isdecimal():
        return int(value)
    if value is None or (isinstance(value, Unresolved) and value in _NULLS):
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = _int(value, GRAPHQL_INT)
    if type(value) is not int:
        raise _mismatch(value, "a whole number")
    if value not in GRAPHQL_INT:
        raise MismatchError("value.range", f"found {found(value)}, expected a whole number of 32 bits")
    return value


def flag(value: Any) -> bool | None:
    """Return true or false; `yes` and `no` are neither."""
    if type(value) is Unresolved and value in _FLAGS:
        return _FLAGS[value]
    if value is None or (isinstance(value, Unresolved) and value in _NULLS):
        return None
    if isinstance(value, str):
        value = _FLAGS.get(value, value)
    if not isinstance(value, bool):
        raise _mismatch(value, "true or false")
    return value


def instant(value: Any) -> str | None:
    """Return an RFC 3339 instant in UTC, to the microsecond; a date is its midnight, and no offset means UTC."""
    if value is None or (type(value) is Unresolved and value in _NULLS):
        return None
    if not isinstance(value, str):
        raise _mismatch(value, "a date and time such as 2021-07-29T11:09:00Z")
    try:
        if _SHORT_INSTANT.fullmatch(value):
            datetime.fromisoformat(value)
            return value if type(value) is str else str(value)
        match = _INSTANT.fullmatch(value.strip())
        if match is None:
            raise _mismatch(value, "a date and time such as 2021-07-29T11:09:00Z")
        date, time, fraction, offset = match.group(1, 2, 3, 4)
        offset = "+00:00" if offset in {None, "Z", "z"} else offset
        fraction = f".{fraction[:6]:0<6}" if fraction else ""
        time = f"{time}:00" if time and len(time) == 5 else time or "00:00:00"
        moment = datetime.fromisoformat(f"{date}T{time}{fraction}{offset}").astimezone(UTC)
    except MismatchError:
        raise
    except (ValueError, OverflowError) as error:
        raise MismatchError("value.range", f"found {found(value)}: {error}") from None
    return moment.isoformat().replace("+00:00", "Z")


def core(value: Any) -> Any:
    """Return a scalar of a key without a schema, by the core rules of YAML 1.2.2, section 10.3.2.

    What JSON cannot hold (`.inf`, `.nan`, 1e999) stays text. Raises MismatchError for integers past 64 bits.
    """
    if not isinstance(value, Unresolved):
        if type(value) is int and value not in JSON_INT:
            raise MismatchError("value.range", f"found {found(value)}, expected a whole number of 64 bits")
        return value
    if value in _NULLS:
        return None
    if value in _FLAGS:
        return _FLAGS[value]
    if _WHOLE.fullmatch(value):
        return _int(value, JSON_INT)
    number = float(value)
    return number if abs(number) < float("inf") else str(value)


def _int(written: str, bounds: range) -> int:
    base = 8 if written.startswith("0o") else 16 if written.startswith("0x") else 10
    number = int(written, base) if len(written.lstrip("+-0")) <= 64 else bounds.stop
    if number not in bounds:
        bits = 32 if bounds is GRAPHQL_INT else 64
        raise MismatchError("value.range", f"found {found(written)}, expected a whole number of {bits} bits")
    return number
