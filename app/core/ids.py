"""Identifiers that must not be guessed."""

import secrets

# No 0/O, 1/I/L: people read these aloud and copy them from paper. Thirty signs.
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def token(bits: int = 128) -> str:
    """A random URL-safe text of at least `bits` bits."""
    return secrets.token_urlsafe((bits + 7) // 8)


def readable_code(length: int = 27) -> str:
    """A random code for paper; 27 characters hold 132 bits."""
    letters = ""
    while len(letters) < length:
        # Bytes above the last full round of the alphabet would favour its first letters.
        letters += "".join(_READABLE[byte % 30] for byte in secrets.token_bytes(2 * length) if byte < 240)
    return letters[:length]
