"""What somebody chose for a list instead of what was guessed, and answered to its questions; sealed beside the file."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from app.core.storage import Storage
from app.identity.lists.office_columns import FIELDS, Field
from app.identity.lists.office_sheets import Choices
from app.identity.lists.people_report import Reading
from app.identity.lists.sheet_imports import beside, keep_source
from app.identity.models import PeopleImport
from app.identity.sealing import seal_file, unseal_file

What = TypeVar("What")
# By sheet, by column; what read_list takes.
_Kept = dict[str, dict[int, Field | None]]


def with_typed(reading: Reading, typed: Sequence[str]) -> Reading:
    """The reading with the fields of a form, unchecked: `0.3.phone` gives column 3 of list 0 the field, `0.3.` none."""
    chosen = {place: field for place, _dot, field in (text.rpartition(".") for text in typed)}
    lists = tuple(
        mapping.chosen(
            {
                guess.column: next((known for known in FIELDS if known == chosen[place]), None)
                for guess in mapping.columns
                if (place := f"{at}.{guess.column}") in chosen
            }
        )
        for at, mapping in enumerate(reading.lists)
    )
    return replace(reading, lists=lists)


def keep_corrected(storage: Storage, wish: PeopleImport, reading: Reading) -> str:
    """A copy of the workbook to be read as `reading` says; returns its key. Raises Invalid if it cannot be read so.

    A copy, since the list that was shown before may still be applied as it was shown.
    """
    choices: _Kept = {}
    for mapping in reading.lists:
        mapping.check()
        choices[mapping.sheet] = {guess.column: guess.field for guess in mapping.columns}
    key = keep_source(storage, unseal_file(b"".join(storage.read(wish.source_key))))
    _keep(storage, _columns_key(key), choices)
    if answers := answers_for(storage, wish.source_key):
        keep_answers(storage, key, answers)
    return key


def choices_for(storage: Storage, source_key: str) -> Choices:
    """What was chosen for a stored workbook; nothing for most."""
    return _kept(storage, source_key, _columns_key(source_key), _Kept) or {}


def keep_answers(storage: Storage, source_key: str, answers: Mapping[str, str]) -> None:
    """Which units a stored list means: codes by key of the question (people_report.UnitQuestion)."""
    _keep(storage, _answers_key(source_key), dict(answers))


def answers_for(storage: Storage, source_key: str) -> dict[str, str]:
    """What `keep_answers` kept; nothing for most."""
    return _kept(storage, source_key, _answers_key(source_key), dict[str, str]) or {}


def _keep(storage: Storage, key: str, what: object) -> None:
    storage.put(key, io.BytesIO(seal_file(msgspec.json.encode(what))))


def _kept(storage: Storage, source_key: str, key: str, kind: type[What]) -> What | None:
    if key not in set(storage.all_keys(beside(source_key))):
        return None
    return msgspec.json.decode(unseal_file(b"".join(storage.read(key))), type=kind)


def _columns_key(source_key: str) -> str:
    return f"{beside(source_key)}/columns.sealed"


def _answers_key(source_key: str) -> str:
    return f"{beside(source_key)}/units.sealed"
