"""Identity fields under lock: a key per person, wrapped by the field key; keyed hashes to find people by them.

Erasing `Person.wrapped_key` makes everything sealed for that person unreadable for good, in every backup that is
restored with the row as it is then (DESIGN 4.9). The field key itself never touches the database.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.core.keys import field_key
from app.identity.models import Person

LookupKind = Literal["identity", "phone", "email"]

_KEY_BYTES = 32
_NONCE_BYTES = 12


class FieldKeyDoesNotFit(AppError):
    """The data was sealed under another field key: an operator must bring back the right one."""

    title = _("Khóa dữ liệu cá nhân không khớp")
    text = _("Khóa FIELD_KEY không khớp với dữ liệu đã lưu. Hãy báo người vận hành khôi phục đúng khóa.")


class InvalidCookie(Exception):
    """Not of our making, or another one's."""


@dataclass(frozen=True)
class SealedFields:
    """What is known of a person and kept sealed; all empty after erasure."""

    birth_date: date | None = None
    # Where only the year is known (offices often write just that); with a birth date it is that date's year.
    birth_year: int | None = None
    phone: str = ""  # E.164
    email: str = ""
    identity: str = ""


@dataclass(frozen=True)
class PersonKey:
    """A person's own key in the clear; where many people are written at once it seals without a row to read it from."""

    ref: str
    key: bytes

    @classmethod
    def new(cls, ref: str) -> "PersonKey":
        return cls(ref, secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def unwrapped(cls, ref: str, wrapped: bytes) -> "PersonKey":
        return cls(ref, _decrypt(derived_key("wrap"), wrapped, ref))

    def wrapped(self) -> bytes:
        """As it is stored."""
        return _encrypt(derived_key("wrap"), self.key, self.ref)

    def seal(self, fields: SealedFields) -> bytes:
        return _encrypt(self.key, msgspec.json.encode(fields), self.ref)

    def seal_text(self, text: str) -> bytes:
        return _encrypt(self.key, text.encode(), "text:" + self.ref)


def seal(person: Person, fields: SealedFields) -> None:
    """Store the fields in the person's row, under the person's own key (made at the first call), and the likeness."""
    person.sealed = _own_key(person, make=True).seal(fields)
    person.likeness = likeness(person.folded_name, fields.birth_date)


def unseal(person: Person) -> SealedFields:
    """The person's fields; empty ones if there are none or the person's key was erased."""
    return opened(person.ref, person.wrapped_key, person.sealed)


def opened(ref: str, wrapped_key: bytes | None, sealed: bytes | None) -> SealedFields:
    """`unseal` for columns of a person, where many are looked through."""
    if wrapped_key is None or sealed is None:
        return SealedFields()
    own = PersonKey.unwrapped(ref, wrapped_key)
    return msgspec.json.decode(_decrypt(own.key, sealed, ref), type=SealedFields)


def seal_text(person: Person, text: str) -> bytes:
    """A text only readable as long as the person's key exists, e.g. the birth date printed on a certificate."""
    return _own_key(person, make=True).seal_text(text)


def unseal_text(person: Person, sealed: bytes | None) -> str:
    """What `seal_text` sealed; "" if nothing was sealed or the person's key was erased."""
    if sealed is None or person.wrapped_key is None:
        return ""
    return _decrypt(_own_key(person).key, sealed, "text:" + person.ref).decode()


def seal_file(content: bytes) -> bytes:
    """A workbook of people as it may lie in the storage until it is deleted."""
    return _encrypt(derived_key("file"), content, "file")


def unseal_file(content: bytes) -> bytes:
    return _decrypt(derived_key("file"), content, "file")


def seal_cookie(name: str, content: bytes) -> str:
    """What a browser carries and cannot read; it opens under the same name only."""
    return base64.urlsafe_b64encode(_encrypt(derived_key("cookie"), content, name)).decode()


def unseal_cookie(name: str, sealed: str) -> bytes:
    """Raises InvalidCookie."""
    try:
        content = base64.urlsafe_b64decode(sealed.encode())
        return AESGCM(derived_key("cookie")).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], name.encode())
    except (InvalidTag, ValueError) as error:
        raise InvalidCookie from error


def digest(kind: LookupKind, value: str) -> bytes:
    """The keyed hash that finds a person by a normalised value; without the field key it cannot even be guessed at."""
    return hmac.digest(derived_key("lookup"), f"{kind}\0{value}".encode(), "sha256")


def likeness(folded_name: str, birth_date: date | None) -> bytes:
    """What two records of one name and birth date share; b"" without a date."""
    if birth_date is None:
        return b""
    return hmac.digest(derived_key("likeness"), f"{folded_name}\0{birth_date}".encode(), "sha256")


def derived_key(purpose: str) -> bytes:
    """A key of its own for each use of the field key, so that no use weakens another; 32 bytes."""
    return _derived(field_key(), purpose)


@lru_cache(maxsize=32)
def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"hocso/{purpose}".encode(), "sha256")


def _own_key(person: Person, *, make: bool = False) -> PersonKey:
    if person.wrapped_key is None:
        if not make:
            raise FieldKeyDoesNotFit
        own = PersonKey.new(person.ref)
        person.wrapped_key = own.wrapped()
        return own
    return PersonKey.unwrapped(person.ref, person.wrapped_key)


def _encrypt(key: bytes, content: bytes, bound_to: str) -> bytes:
    # Bound to the person's ref: a sealed value copied into another row does not open there.
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def _decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
    except InvalidTag:
        raise FieldKeyDoesNotFit from None
