"""Identifiers that must not be guessed."""

import secrets

# No 0/O, 1/I/L: people read these aloud and copy them from paper.
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def token(bits: int = 128) -> str:
    """A random URL-safe text of at least `bits` bits."""
    return secrets.token_urlsafe((bits + 7) // 8)


def readable_code(length: int = 27) -> str:
    """A random code for paper; 27 characters hold 132 bits."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))
