"""What somebody chose for a list instead of what was guessed, and answered to its questions; sealed beside the file."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.text import nfc
from app.identity.lists.office_columns import FIELDS
from app.identity.lists.office_sheets import Choice, Choices
from app.identity.lists.office_titles import Period, typed_period
from app.identity.lists.people_report import Reading
from app.identity.lists.sheet_imports import beside, keep_source
from app.identity.models import PeopleImport
from app.identity.sealing import seal_file, unseal_file
from app.identity.units.units_named import LONGEST

What = TypeVar("What")
_Kept = dict[str, Choice]


def with_typed(reading: Reading, typed: Sequence[str], units: Sequence[str], periods: Sequence[str]) -> Reading:
    """The reading with the fields of a form, unchecked: `0.3.phone` gives column 3 of list 0 the field, `0.3.` none.

    `units` and `periods` by list, as its titles should say; a period that is none (`refuse_periods`) is left as it was.
    """
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
    if len(units) == len(periods) == len(lists):
        lists = tuple(
            replace(mapping, unit=nfc(unit)[:LONGEST], period=_period(period, mapping.period))
            for mapping, unit, period in zip(lists, units, periods, strict=True)
        )
    return replace(reading, lists=lists)


def keep_corrected(storage: Storage, wish: PeopleImport, reading: Reading) -> str:
    """A copy of the workbook to be read as `reading` says; returns its key. Raises Invalid if it cannot be read so.

    A copy, since the list that was shown before may still be applied as it was shown.
    """
    choices: _Kept = {}
    for mapping in reading.lists:
        mapping.check()
        columns = {guess.column: guess.field for guess in mapping.columns}
        choices[mapping.sheet] = Choice(columns, mapping.unit, mapping.period)
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


def refuse_periods(periods: Sequence[str]) -> None:
    """Raises Invalid for what is neither empty, a day nor a year."""
    for typed in periods:
        try:
            typed_period(nfc(typed))
        except ValueError as error:
            said = _("“%(text)s” không phải ngày hay năm; hãy ghi như 30/06/2025 hoặc 2025.", text=typed)
            raise Invalid(said) from error


def _period(typed: str, before: Period | None) -> Period | None:
    try:
        return typed_period(nfc(typed))
    except ValueError:
        return before


def _keep(storage: Storage, key: str, what: object) -> None:
    storage.put(key, io.BytesIO(seal_file(msgspec.json.encode(what))))


def _kept(storage: Storage, source_key: str, key: str, kind: type[What]) -> What | None:
    if key not in set(storage.all_keys(beside(source_key))):
        return None
    return msgspec.json.decode(unseal_file(b"".join(storage.read(key))), type=kind)


def _columns_key(source_key: str) -> str:
    return f"{beside(source_key)}/choices.sealed"


def _answers_key(source_key: str) -> str:
    return f"{beside(source_key)}/units.sealed"
