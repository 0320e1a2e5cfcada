"""The attendees of a class from a workbook: looked up, never guessed, checked before anything is recorded."""

from sqlalchemy.orm import Session

from app.classes.models import HeldClass
from app.classes.queries import find_class
from app.classes.service import PERMISSION, add_attendee, present
from app.core import jobs
from app.core.access import Actor
from app.core.errors import Forbidden
from app.core.i18n import gettext as _
from app.identity.lists import sheet_imports
from app.identity.lists.people_lists import WHO, ListedRow, settle_list
from app.identity.lists.people_matching import Doubt
from app.identity.lists.people_report import ImportReport, Outcome
from app.identity.lists.people_sheet import PeopleSheet, read_people_bytes
from app.identity.lists.sheet_imports import ListKind
from app.identity.models import PeopleImport, Person

ATTENDEES = ListKind("attendees", "classes.import_attendees", PERMISSION, at_once=50)
MAX_ROWS = 2_000


def read_list(content: bytes, file_name: str) -> PeopleSheet:
    """Raises Invalid, saying why, for what does not follow the template."""
    return read_people_bytes(content, file_name, WHO, MAX_ROWS)


def run_list(context: jobs.JobContext, *, import_id: int) -> dict[str, int] | None:
    """Check or apply one list."""
    return sheet_imports.run_list(context, ATTENDEES, import_id, read_list, _record)


def _record(db: Session, actor: Actor, wish: PeopleImport, sheet: PeopleSheet) -> ImportReport:
    held = find_class(db, actor, wish.subject_id or 0)
    seen: set[int] = set()

    def act(_row: ListedRow, person: Person) -> tuple[Outcome, tuple[str, ...]]:
        if person.id in seen or present(db, held, person.id):
            return "matched", (_("Đã có trong lớp."),)
        seen.add(person.id)
        _add(db, actor, held, person, dry_run=wish.dry_run)
        return "created", ()

    return settle_list(db, sheet, tuple(WHO), actor, PERMISSION, act, dry_run=wish.dry_run)


def _add(db: Session, actor: Actor, held: HeldClass, person: Person, *, dry_run: bool) -> None:
    if person.id in actor.records:
        raise Doubt(_("Đây là chính anh/chị; người phụ trách khác hoặc tỉnh sẽ xác nhận."))
    if not dry_run:
        try:
            add_attendee(db, actor, held, person.id)
        except Forbidden as error:
            raise Doubt(error.message) from error


JOBS: dict[str, jobs.JobFunction] = {ATTENDEES.job: run_list}
