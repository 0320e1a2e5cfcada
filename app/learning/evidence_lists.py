"""A unit or the province vouches for many at once: the list another platform gave them, one certificate a row."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.catalogue.programmes import shipped_codes
from app.core import clock, jobs
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.tables import Cell, cell_text
from app.identity.lists import sheet_imports
from app.identity.lists.cells import read_day
from app.identity.lists.people_lists import WHO, ListedRow, settle_list
from app.identity.lists.people_matching import Doubt
from app.identity.lists.people_report import ImportReport, Outcome
from app.identity.lists.people_sheet import PeopleSheet, read_people_bytes
from app.identity.lists.sheet_imports import ListKind
from app.identity.models import PeopleImport, Person
from app.identity.records import belongs_to, holder_of
from app.learning.evidence import PERMISSION, new_evidence, read_hours, verify
from app.learning.evidence_models import Evidence
from app.learning.models import CompletionAnnulment

EVIDENCE = ListKind("evidence", "learning.import_evidence", PERMISSION, at_once=50)
TEMPLATE = WHO | {
    "Mã nhiệm vụ hoặc mã khóa học": 18, "Tên khóa học, chứng nhận": 40, "Ngày hoàn thành": 14, "Số giờ": 8,
    "Số chứng nhận": 20, "Điểm (%)": 9, "Nơi cấp": 28,
}  # fmt: skip
# All civil servants of a province, four times over.
MAX_ROWS = 20_000


def read_list(content: bytes, file_name: str) -> PeopleSheet:
    """Raises Invalid, saying why, for what does not follow the template."""
    return read_people_bytes(content, file_name, TEMPLATE, MAX_ROWS)


def run_list(context: jobs.JobContext, *, import_id: int) -> dict[str, int] | None:
    """Check or apply one list."""
    return sheet_imports.run_list(context, EVIDENCE, import_id, read_list, _record)


def _record(db: Session, actor: Actor, wish: PeopleImport, sheet: PeopleSheet) -> ImportReport:
    book = _Book(db, actor, dry_run=wish.dry_run)
    return settle_list(db, sheet, tuple(TEMPLATE), actor, PERMISSION, book.record, dry_run=wish.dry_run)


@dataclass
class _Book:
    """Takes rows whose person is found; `_seen` also knows what a dry run would have written."""

    db: Session
    actor: Actor
    dry_run: bool
    _courses: dict[str, tuple[int, str, float]] = field(init=False)
    _seen: dict[tuple[object, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        published = (
            select(Course.code, CourseVersion.id, CourseVersion.title, CourseVersion.hours)
            .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        )  # fmt: skip
        self._courses = {
            code: (version_id, title, hours) for code, version_id, title, hours in self.db.execute(published)
        }

    def record(self, row: ListedRow, person: Person) -> tuple[Outcome, tuple[str, ...]]:
        evidence = self._evidence(row, person)
        if person.id in self.actor.records:
            raise Doubt(_("Đây là chính anh/chị; người phụ trách khác hoặc tỉnh sẽ xác nhận."))
        if self._is_known(evidence, row.number):
            return "matched", (_("Đã ghi nhận trước đây; không ghi thêm."),)
        if not self.dry_run:
            self.db.add(evidence)
            self.db.flush()
            verify(self.db, self.actor, evidence)
        return "created", ()

    def _evidence(self, row: ListedRow, person: Person) -> Evidence:
        text = {name: " ".join(cell_text(cell).split()) for name, cell in row.cells.items()}
        code = text["Mã nhiệm vụ hoặc mã khóa học"].upper()
        course = self._courses.get(code)
        if course is None and code not in shipped_codes():
            raise Invalid(_("Không có nhiệm vụ hay khóa học mang mã “%(code)s”.", code=code))
        version_id, title, hours = course or (None, "", read_hours(text["Số giờ"]))
        title = text["Tên khóa học, chứng nhận"] or title
        if not title:
            raise Invalid(_("Thiếu tên khóa học hoặc chứng nhận."))
        day = read_day(row.cells["Ngày hoàn thành"])
        if day is None or day > clock.today():
            raise Invalid(
                _("Ngày hoàn thành “%(text)s” không đọc được hoặc ở sau hôm nay.", text=text["Ngày hoàn thành"])
            )
        if hours is None:
            raise Invalid(_("Số giờ “%(text)s” không đọc được; hãy ghi ví dụ 6 hoặc 1,5.", text=text["Số giờ"]))
        evidence = new_evidence(
            person.id, self.actor.account_id, title=title[:200], issuer=text["Nơi cấp"][:200],
            number=text["Số chứng nhận"][:60], dated_on=day, hours=hours, score_percent=_score(row.cells["Điểm (%)"]),
        )  # fmt: skip
        evidence.course_version_id = version_id
        evidence.programme_code = None if course else code
        return evidence

    def _is_known(self, evidence: Evidence, row: int) -> bool:
        """Raises Doubt for a number that stands for somebody else."""
        key = (evidence.folded_number,) if evidence.folded_number else (
            evidence.person_id, evidence.programme_code, evidence.course_version_id, evidence.title, evidence.dated_on,
        )  # fmt: skip
        if holder := self._seen.get(key):
            if holder == evidence.person_id:
                return True
            raise Doubt(_("Số chứng nhận này đã có ở một dòng khác của tệp, của người khác."))
        self._seen[key] = evidence.person_id
        same = (
            [Evidence.folded_number == evidence.folded_number]
            if evidence.folded_number
            else [
                belongs_to(Evidence.person_id, evidence.person_id), Evidence.title == evidence.title,
                Evidence.dated_on == evidence.dated_on,
                Evidence.programme_code.is_not_distinct_from(evidence.programme_code),
                Evidence.course_version_id.is_not_distinct_from(evidence.course_version_id),
            ]
        )  # fmt: skip
        holders = set(
            self.db.scalars(
                select(holder_of(Evidence.person_id))
                .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Evidence.completion_id)
                .where(*same, Evidence.is_verified.is_(True), CompletionAnnulment.completion_id.is_(None))
            )
        )
        if holders - {evidence.person_id}:
            raise Doubt(_("Số chứng nhận này đã được ghi nhận cho người khác; hãy xem lại."))
        return bool(holders)


def _score(cell: Cell) -> float | None:
    text = cell_text(cell).removesuffix("%").replace(",", ".").strip()
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 100:
        raise Invalid(_("Điểm “%(text)s” phải là số từ 0 đến 100.", text=text))
    return score
