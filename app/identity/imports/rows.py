"""The rows of a list as they are kept: sealed, with what could make two of them the same person."""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast, get_args

import msgspec
from sqlalchemy import Select, Table, delete, select, update
from sqlalchemy.orm import Session, aliased

from app.core.many_rows import AddRows, ChangeRows
from app.core.tables import cell_text
from app.core.text import fold
from app.identity.imports.models import PeopleImportKey, PeopleImportRow
from app.identity.lists.office_titles import Period
from app.identity.lists.people_deeds import Wrote
from app.identity.lists.people_import import ParsedRow
from app.identity.lists.people_import_service import Settled, row_key
from app.identity.lists.people_matching import chunks
from app.identity.lists.people_report import Outcome, RowReport
from app.identity.lists.people_sheet import SheetRow
from app.identity.sealing import LookupKind, derived_key, seal_file, unseal_file

# Outcomes of rows that write something.
WRITING: tuple[Outcome, ...] = ("created", "matched", "repaired")

_ROWS, _KEYS = (cast(Table, model.__table__) for model in (PeopleImportRow, PeopleImportKey))
_ADD_ROWS = AddRows(_ROWS, ("import_id", "position", "stage", "outcome", "problem", "confirmed", "given"))
_ADD_KEYS = AddRows(_KEYS, ("digest", "row_id"))
_SETTLE = ChangeRows(_ROWS, ("stage", "outcome", "problem", "report", "wrote", "applied_at"))


@dataclass(frozen=True)
class Kept:
    """What a row says: as the workbook has it, in the columns of the template, and as somebody typed it since."""

    number: int
    cells: tuple[str | int | float | None, ...]
    sheet: str = ""
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    typed: tuple[str, ...] | None = None
    choice: str = ""
    period: Period | None = None

    @classmethod
    def of(cls, row: SheetRow) -> "Kept":
        cells = tuple(cell_text(cell) if isinstance(cell, date) else cell for cell in row.cells)
        return cls(row.number, cells, row.sheet, row.repairs, row.notes, row.refusals, period=row.period)

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells as they are now, as text."""
        return self.typed if self.typed is not None else tuple(cell_text(cell) for cell in self.cells)

    def sealed(self) -> bytes:
        return seal_file(msgspec.json.encode(self))


@dataclass(frozen=True)
class Row:
    """A kept row, opened."""

    id: int
    position: int
    kept: Kept
    confirmed: bool

    def as_read(self, applied: Mapping[str, str]) -> SheetRow:
        """As it is judged. `applied`: refs of people that other rows of the list have added, by row_key."""
        kept = self.kept
        choice = applied.get(kept.choice, kept.choice)
        row = SheetRow(
            kept.number, list(kept.cells), kept.sheet, kept.repairs, kept.notes, kept.refusals, self.confirmed, choice,
            self.position, kept.period,
        )  # fmt: skip
        if kept.typed is None:
            return row
        # What was said of the cells of the workbook is no longer true of these.
        return replace(row, cells=list(kept.typed), repairs=(), notes=(), refusals=())


def opened_kept(sealed: bytes) -> Kept:
    return msgspec.json.decode(unseal_file(sealed), type=Kept)


def opened_report(sealed: bytes) -> RowReport:
    return msgspec.json.decode(unseal_file(sealed), type=RowReport)


def opened_wrote(sealed: bytes) -> Wrote:
    return msgspec.json.decode(unseal_file(sealed), type=Wrote)


def sealed_report(report: RowReport) -> bytes:
    return seal_file(msgspec.json.encode(report))


# --- reading and writing them -------------------------------------------------------------------------------------


def add_rows(db: Session, import_id: int, rows: Sequence[tuple[int, SheetRow]]) -> None:
    """Rows as read from the workbook, by position."""
    values = [
        {"import_id": import_id, "position": position, "stage": "read", "outcome": "", "problem": "",
         "confirmed": False, "given": Kept.of(row).sealed()}
        for position, row in rows
    ]  # fmt: skip
    _ADD_ROWS.run(db.connection(), values)


def waiting_rows(db: Session, import_id: int, stage: str, most: int) -> list[Row]:
    """The first rows that are only as far as `stage`."""
    found = db.execute(
        select(_ROWS.c.id, _ROWS.c.position, _ROWS.c.given, _ROWS.c.confirmed)
        .where(_ROWS.c.import_id == import_id, _ROWS.c.stage == stage)
        .order_by(_ROWS.c.position)
        .limit(most)
    )
    return [Row(id_, position, opened_kept(given), confirmed) for id_, position, given, confirmed in found]


def read_as(db: Session, import_id: int, rows: Iterable[Row]) -> list[SheetRow]:
    """The rows as they are judged, in their order; a choice of somebody an earlier row added is followed to them."""
    ordered = sorted(rows, key=lambda row: row.position)
    named = {row.kept.choice for row in ordered if row.kept.choice.startswith("row:")}
    positions = [int(key.removeprefix("row:")) for key in named]
    applied = db.execute(
        select(_ROWS.c.position, _ROWS.c.report).where(
            _ROWS.c.import_id == import_id, _ROWS.c.position.in_(positions), _ROWS.c.stage == "applied"
        )
    )
    refs = {row_key(position): opened_report(report).person for position, report in applied if report}
    return [row.as_read(refs) for row in ordered]


def settle(db: Session, stage: str, settled: Mapping[int, Settled], applied_at: object = None) -> None:
    """Write what came of rows, by their ids; in the transaction that did it."""
    _SETTLE.run(
        db.connection(),
        [
            {"id": row_id, "stage": stage, "outcome": one.report.outcome, "problem": one.report.problem,
             "report": sealed_report(one.report), "applied_at": applied_at,
             "wrote": seal_file(msgspec.json.encode(one.wrote)) if one.wrote and applied_at else None}
            for row_id, one in settled.items()
        ],
    )  # fmt: skip


# --- rows that may be the same person -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """By what other rows of the list find a row (`kept`), and by what it finds those it may be the same person as."""

    kept: frozenset[bytes]
    sought: frozenset[bytes]

    @classmethod
    def of(cls, import_id: int, row: ParsedRow) -> "Keys":
        """As `people_matching` tells people apart: by what is unique; else by name in a unit, where two different
        numbers or years of birth make two people."""
        unique = {_digest(import_id, kind, value) for kind in get_args(LookupKind) if (value := getattr(row, kind))}
        if row.unit is None:
            return cls(frozenset(unique), frozenset(unique))

        def place(what: str) -> bytes:
            assert row.unit is not None
            return _digest(import_id, "place", f"{fold(row.name)}\0{row.unit.unit_id}\0{what}")

        numbered = len(row.identity) == 12
        year = row.birth_year or "no year"
        kept = {*unique, place("anybody"), place(f"{year} {'numbered' if numbered else 'unnumbered'}")}
        sought = {*unique, place(f"{year} unnumbered"), place("no year unnumbered")}
        if not numbered:
            sought.add(place(f"{year} numbered"))
        if not row.birth_year:
            sought.add(place("anybody"))
        return cls(frozenset(kept), frozenset(sought))


def person_key(import_id: int, person_id: int) -> bytes:
    """Of a row that finds a known person: another row may find the same one by something else."""
    return _digest(import_id, "person", str(person_id))


def keep_keys(db: Session, keys: Mapping[int, Collection[bytes]]) -> None:
    """Replace the keys of rows."""
    for some in chunks(list(keys)):
        db.execute(delete(_KEYS).where(_KEYS.c.row_id.in_(some)))
    _ADD_KEYS.run(
        db.connection(), [{"digest": key, "row_id": row_id} for row_id, own in keys.items() for key in sorted(own)]
    )


def earlier_with(db: Session, keys: Iterable[bytes], before: int) -> dict[int, Row]:
    """Rows above a position that are found by one of these keys and would write something, by id."""
    # In two steps: joined, PostgreSQL read every row of the list for each part while it knew nothing of the new tables.
    kin: set[int] = set()
    for some in chunks(sorted(keys)):
        kin.update(db.scalars(select(_KEYS.c.row_id).where(_KEYS.c.digest.in_(some))))
    found: dict[int, Row] = {}
    for some_ids in chunks(sorted(kin)):
        rows = db.execute(
            select(_ROWS.c.id, _ROWS.c.position, _ROWS.c.given, _ROWS.c.confirmed).where(
                _ROWS.c.id.in_(some_ids), _ROWS.c.position < before, _ROWS.c.stage == "checked",
                _ROWS.c.outcome.in_(WRITING),
            )
        )  # fmt: skip
        found |= {row_id: Row(row_id, at, opened_kept(given), confirmed) for row_id, at, given, confirmed in rows}
    return found


def check_again(db: Session, row_ids: Select[int]) -> None:
    """Let rows wait for their check, with those not yet written that may be the same person."""
    mine, others = aliased(_KEYS), aliased(_KEYS)
    kin = select(others.c.row_id).join(mine, mine.c.digest == others.c.digest).where(mine.c.row_id.in_(row_ids))
    waits = _ROWS.c.id.in_(row_ids) | (_ROWS.c.id.in_(kin) & (_ROWS.c.stage == "checked"))
    db.execute(update(_ROWS).where(waits).values(stage="read"))


def _digest(import_id: int, kind: str, value: str) -> bytes:
    return hmac.digest(derived_key("import"), f"{import_id}\0{kind}\0{value}".encode(), "sha256")[:16]
