"""The candidates of a sitting from a workbook: looked up, never guessed, checked before anybody is put on the list."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.exams.models import ExamCandidate
from app.exams.planning import MOST_CANDIDATES, add_candidate
from app.exams.policy import ORGANISE, find_organised
from app.identity.lists import sheet_imports
from app.identity.lists.people_lists import WHO, ListedRow, settle_list
from app.identity.lists.people_matching import Doubt
from app.identity.lists.people_report import ImportReport, Outcome
from app.identity.lists.people_sheet import PeopleSheet, read_people_bytes
from app.identity.lists.sheet_imports import ListKind
from app.identity.models import PeopleImport, Person
from app.identity.records import holder_of

CANDIDATES = ListKind("candidates", "exams.import_candidates", ORGANISE)


def read_list(content: bytes, file_name: str) -> PeopleSheet:
    """Raises Invalid, saying why, for what does not follow the template."""
    return read_people_bytes(content, file_name, WHO, MOST_CANDIDATES)


def run_list(context: jobs.JobContext, *, import_id: int) -> dict[str, int] | None:
    """Check or apply one list."""
    return sheet_imports.run_list(context, CANDIDATES, import_id, read_list, _record)


def _record(db: Session, actor: Actor, wish: PeopleImport, sheet: PeopleSheet) -> ImportReport:
    sitting = find_organised(db, actor, wish.subject_id or 0)
    seen = set(db.scalars(select(holder_of(ExamCandidate.person_id)).where(ExamCandidate.sitting_id == sitting.id)))

    def act(_row: ListedRow, person: Person) -> tuple[Outcome, tuple[str, ...]]:
        if person.id in seen:
            return "matched", (_("Đã có trong danh sách."),)
        if person.id in actor.records:
            raise Doubt(_("Đây là chính anh/chị; người phụ trách khác hoặc tỉnh sẽ thêm."))
        if not wish.dry_run:
            add_candidate(db, actor, sitting, person.id)
        seen.add(person.id)
        return "created", ()

    return settle_list(db, sheet, tuple(WHO), actor, ORGANISE, act, dry_run=wish.dry_run)


JOBS: dict[str, jobs.JobFunction] = {CANDIDATES.job: run_list}
