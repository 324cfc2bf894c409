"""Encodes a type's name and a natural key as a global id, which clients treat as opaque, and decodes it."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode


def global_id(type_name: str, key: str) -> str:
    """Return the token of `type_name:key`: URL-safe base64 without padding, the same for ever."""
    return urlsafe_b64encode(f"{type_name}:{key}".encode()).rstrip(b"=").decode()


def split_id(token: str) -> tuple[str, str] | None:
    """Return the type's name and the key in *token*, or None if it is no global id."""
    try:
        text = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    name, colon, key = text.partition(":")
    return (name, key) if colon and global_id(name, key) == token else None
