"""What is done with some rows of a list in one transaction: judging them, and applying them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core import clock
from app.identity.imports.rows import Keys, Row, earlier_with, keep_keys, person_key, read_as, settle
from app.identity.lists.people_import_service import Books, ReadRow, Settled, settle_rows


@dataclass(frozen=True)
class Hands:
    """What a list is worked on with. `units`: ids of those the importer may fill, None for all."""

    import_id: int
    books: Books
    units: Collection[int] | None


def check_rows(db: Session, hands: Hands, rows: Sequence[Row]) -> None:
    """A dry run of some rows, in their order, as they would go after all rows above them.

    Of those only the ones count that may be the same person as one of these; they are run through once more.
    """
    before = max(row.position for row in rows)
    read = read_rows(db, hands, rows)
    keys = keys_of(hands, read)
    kept = {row_id: set(own.kept) for row_id, own in keys.items()}
    kin: dict[int, Row] = {}
    sought = set[bytes]().union(*(own.sought for own in keys.values()))
    while True:
        while more := {row_id: row for row_id, row in earlier_with(db, sought, before).items() if row_id not in kin}:
            kin |= more
            also = read_rows(db, hands, list(more.values()))
            read |= also
            sought = set().union(*(own.sought for own in keys_of(hands, also).values()))
        found = _tried(db, hands, [*rows, *kin.values()], read)
        # Another row above may have found the same known person by something else.
        known = {
            row.id: person_key(hands.import_id, known_id)
            for row in rows
            if (known_id := found[row.id].known_id) is not None
        }
        for row_id, key in known.items():
            kept[row_id].add(key)
        sought = set(known.values())
        if earlier_with(db, sought, before).keys() <= kin.keys():
            break
    keep_keys(db, kept)
    settle(db, "checked", {row.id: found[row.id] for row in rows})


def read_rows(db: Session, hands: Hands, rows: Sequence[Row]) -> dict[int, ReadRow]:
    """What rows say, by id, in their order."""
    ordered = sorted(rows, key=lambda row: row.position)
    given = read_as(db, hands.import_id, ordered)
    return {row.id: hands.books.read(one) for row, one in zip(ordered, given, strict=True)}


def keys_of(hands: Hands, read: Mapping[int, ReadRow]) -> dict[int, Keys]:
    """By what rows find each other, by id."""
    return {row_id: Keys.of(hands.import_id, row.said) for row_id, row in read.items()}


def apply_rows(db: Session, hands: Hands, rows: Sequence[Row]) -> None:
    """Write some rows, in their order; what came of each is written with it."""
    read = read_rows(db, hands, rows)
    settled = settle_rows(db, hands.books, list(read.values()), allowed_units=hands.units, dry_run=False)
    settle(db, "applied", dict(zip(read, settled, strict=True)), clock.now())


def _tried(db: Session, hands: Hands, rows: Sequence[Row], read: Mapping[int, ReadRow]) -> dict[int, Settled]:
    ordered = [row.id for row in sorted(rows, key=lambda row: row.position)]
    said = [read[row_id] for row_id in ordered]
    settled = settle_rows(db, hands.books, said, allowed_units=hands.units, dry_run=True)
    return dict(zip(ordered, settled, strict=True))
