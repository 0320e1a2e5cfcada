"""A list of people applied at once, where a test looks at what comes of its rows and not at how they are kept."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from app.identity.lists.people_import_service import open_books, settle_rows
from app.identity.lists.people_report import ImportReport
from app.identity.lists.people_sheet import PeopleSheet


def import_people(
    db: Session, sheet: PeopleSheet, *, allowed_units: Collection[int] | None = None, dry_run: bool = False
) -> ImportReport:
    """What came of every row. `allowed_units`: ids of the units the importer may fill, None for all."""
    books = open_books(db, is_offices_own=sheet.reading is not None)
    rows = [books.read(replace(row, position=position)) for position, row in enumerate(sheet.rows)]
    settled = settle_rows(db, books, rows, allowed_units=allowed_units, dry_run=dry_run)
    return ImportReport(
        sheet.file, sheet.sheet, books.day, dry_run, tuple(one.report for one in settled), sheet.reading
    )
