"""The list of people as a list handed in through the browser (sheet_imports.py)."""

from functools import partial

from sqlalchemy.orm import Session

from app.core import jobs
from app.core.access import Actor
from app.identity.lists import sheet_imports
from app.identity.lists.office_choices import choices_for
from app.identity.lists.office_sheets import read_list_bytes
from app.identity.lists.people_import_service import import_people
from app.identity.lists.people_report import ImportReport
from app.identity.lists.people_sheet import PeopleSheet
from app.identity.lists.sheet_imports import ListKind
from app.identity.models import PeopleImport

PEOPLE = ListKind("people", "identity.import_people", "people.import")


def run_import(context: jobs.JobContext, *, import_id: int) -> dict[str, int] | None:
    """Check or apply one workbook of people."""
    with context.database.reading() as db:
        wish = db.get(PeopleImport, import_id)
        choices = choices_for(context.storage, wish.source_key) if wish and wish.source_key else {}
    read = partial(read_list_bytes, choices=choices)
    return sheet_imports.run_list(context, PEOPLE, import_id, read, _import_in_scope)


def _import_in_scope(db: Session, actor: Actor, wish: PeopleImport, sheet: PeopleSheet) -> ImportReport:
    allowed = set(db.scalars(actor.units_with(PEOPLE.permission)))
    return import_people(db, sheet, allowed_units=allowed, dry_run=wish.dry_run)
