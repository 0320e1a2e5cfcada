"""What somebody chose for the columns of a list instead of what was guessed; kept sealed beside the workbook."""

import io
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from app.core.storage import Storage
from app.identity.lists.office_columns import FIELDS, Field
from app.identity.lists.office_sheets import Choices
from app.identity.lists.people_report import Reading
from app.identity.lists.sheet_imports import beside, keep_source
from app.identity.models import PeopleImport
from app.identity.sealing import seal_file, unseal_file

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
    storage.put(_key(key), io.BytesIO(seal_file(msgspec.json.encode(choices))))
    return key


def choices_for(storage: Storage, source_key: str) -> Choices:
    """What was chosen for a stored workbook; nothing for most."""
    key = _key(source_key)
    if key not in set(storage.all_keys(beside(source_key))):
        return {}
    return msgspec.json.decode(unseal_file(b"".join(storage.read(key))), type=_Kept)


def _key(source_key: str) -> str:
    return f"{beside(source_key)}/columns.sealed"
