"""One small but complete world: an account per persona, and every object an address can name.

What is private in it belongs to the learner or the manager of Phường Bắc Giang, to the province's author, or to the
province's first administrator; to everybody else it is a stranger's.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.calendar import calendar_token
from app.assignments.members import keep_list
from app.assignments.models import AssignmentMember
from app.assignments.rules import Rule
from app.assignments.service import Order, assign
from app.authoring.question_files import Taken, keep_upload
from app.authoring.questions_io import Found, Reading, Refused
from app.authoring.review.comments import say
from app.authoring.review.deciding import send as send_to_review
from app.catalogue.banks import add_bank, add_question
from app.catalogue.lesson_docs import lesson
from app.catalogue.lesson_rules import LessonRule, PracticalTask
from app.catalogue.models import Course, CourseVersion
from app.catalogue.questions.essay import files_of
from app.catalogue.service import publish, save_version
from app.catalogue.source import FileSource, LessonSource
from app.certificates.models import Certificate, CertificateFile
from app.certificates.papers import statement_of
from app.classes.attendee_lists import ATTENDEES
from app.classes.service import ClassForm, add_attendee, record_class
from app.community.discussion import post as ask_here
from app.community.helping import ask as call
from app.community.notes import keep_note
from app.community.places import lesson_place
from app.core import clock, jobs
from app.core.access import Actor
from app.core.i18n import lazy
from app.core.jobs import Job, Worker
from app.core.settings import get_settings
from app.core.storage import Storage
from app.coverage.declared.declaring import prove
from app.coverage.exports.models import ApiToken
from app.coverage.indicators.definition_form import form_of
from app.coverage.indicators.definitions import definition_for
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.indicators.previewing import Effect, EffectRow, Side
from app.coverage.models import DeclaredFigure, ExportFile
from app.coverage.open_data.tables import month_before
from app.coverage.reports import desk
from app.coverage.reports.filling import Wish
from app.coverage.reports.models import ReportSchedule
from app.coverage.rounds.models import DeclarationFile, DeclarationRound, UnitDeclaration
from app.exams import room
from app.exams.candidate_lists import CANDIDATES
from app.exams.models import ExamCandidate, ExamSitting
from app.exams.planning import add_candidate
from app.exams.taking import begin as begin_exam
from app.exams.taking import enter
from app.exams.taking import submit as submit_exam
from app.identity import sealing
from app.identity.codes.slips import order_slips
from app.identity.imports import stages
from app.identity.imports.models import PeopleImportRow
from app.identity.lists import sheet_imports
from app.identity.lists.people_lists import WHO
from app.identity.models import Account, Affiliation, Consent, Person, RoleGrant
from app.identity.people import merging
from app.identity.sign_in import accounts
from app.identity.sign_in.contacts import link_token, order_check
from app.identity.units.reorganising import carry_out
from app.identity.units.wishes import Create, Draft
from app.learning import stamps
from app.learning.answer_files import keep_with_files, receive
from app.learning.evidence import Submission, submit, verify
from app.learning.evidence_lists import EVIDENCE, TEMPLATE
from app.learning.practicals import report_done
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol
from app.main import JOBS
from app.media.documents import check_document, keep_document
from app.media.models import Asset
from app.media.seals import seal_of
from app.media.service import StoredFile, add_asset, cancel, store, subject
from app.media.shelf import Shelved
from app.media.uploads import service as uploads
from app.notices.models import Notice
from app.notices.sending import stop_token
from app.notices.service import notify
from app.privacy.models import PrivacyRequest
from app.privacy.service import ask
from app.runtime import Runtime
from app.timetable import CRONS
from tests import factories
from tests.access.plan_world import plan_objects
from tests.authoring.office_samples import saved, typed
from tests.catalogue import making
from tests.identity.workbooks import GOOD, evidence_row, good, workbook
from tests.learning import making as studying

HERE, ELSEWHERE, PROVINCE = factories.BAC_GIANG, "07228", "24"
API_KEY = "hocso_cua-phuong"
ANONYMOUS = "anonymous"
BANK_TITLE = "Câu hỏi về ký số của tỉnh"
SPARE_NAME = "hinh-de-danh.webp"
# The role of each persona and where it is held; learners have a post there and no role.
ROLES: dict[str, tuple[str | None, str]] = {
    "learner": (None, HERE),
    "other_learner": (None, ELSEWHERE),
    "manager": ("unit_manager", HERE),
    "other_manager": ("unit_manager", ELSEWHERE),
    "instructor": ("instructor", HERE),
    "other_instructor": ("instructor", ELSEWHERE),
    "author": ("author", PROVINCE),
    "other_author": ("author", ELSEWHERE),
    "content_admin": ("content_admin", PROVINCE),
    "reviewer": ("reviewer", PROVINCE),
    "reporter": ("reporter", HERE),
    "province_admin": ("province_admin", PROVINCE),
    "other_admin": ("province_admin", PROVINCE),
    "operator": ("operator", PROVINCE),
}
PERSONAS = (ANONYMOUS, *ROLES)

SLUG, CLOSED_SLUG, OPEN_SLUG, WAITING_SLUG = "khoa-thu", "khoa-kin", "khoa-mo", "khoa-cho"
READ, WATCH, ANSWER, DRAFT, PRACTISE, ESSAY = "THU.1.1", "THU.1.2", "THU.1.3", "THU.1.4", "THU.1.5", "THU.1.6"
LEARNER_NAME, COLLEAGUE_NAME = "Nguyễn Thị Người Học", "Hoàng Thị Còn Thiếu"
BORN = date(1985, 3, 2)
# Texts only some may read.
LESSON_TEXT = "Đoạn này chỉ người đã ghi danh mới đọc."
OPEN_LESSON, OPEN_TEXT = "MO.1.1", "Đoạn này ai cũng đọc được, không cần tài khoản."
EVIDENCE_TITLE = "Chứng nhận chỉ người duyệt mới đọc"
EVIDENCE_LIST_NAME = "minh-chung-rieng.xlsx"
PRACTICAL_NOTE = "Điều người học viết chỉ người xác nhận mới đọc."
CLASS_TITLE, CLASS_LIST_NAME = "Lớp chỉ người phụ trách mới thấy", "nguoi-du-rieng.xlsx"
EXAM_TITLE, EXAM_LIST_NAME = "Buổi chỉ người coi mới thấy", "thi-sinh-rieng.xlsx"
NOTE_TEXT, POST_TEXT, HELP_TEXT = "Chỉ tôi đọc", "Người cùng học đọc được", "Chỉ đơn vị tôi đọc"
ESSAY_TEXT = "Bài làm này chỉ người chấm mới đọc."
EXAM_TEXT = "Bài sát hạch này chỉ người chấm mới đọc."
DATA_TEXT = "Điều chỉ người trả lời mới đọc."
NOTICE_TEXT = "Tin này chỉ người nhận mới đọc."
DRAFT_TITLE, CLOSED_TITLE = "Bài nháp chưa ai được xem", "Khóa kín chưa công bố"
REPORT_SUBJECT, PAPER = "Báo cáo chỉ đơn vị này đọc", b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"
VILLAGE_NAME = "Thôn Vừa Lập"
TWIN_NAME, MERGED_NAME = "Đỗ Thị Nhập Hai Lần", "Đỗ Văn Đã Gộp"
WORKBOOK_NAME, IMPORTED_NAME = "danh-sach-rieng.xlsx", str(GOOD["Họ và tên"])


@dataclass(frozen=True)
class World:
    """What addresses and forms are filled with: `{open_attempt}` in a declaration is the field of that name."""

    people_import: int
    import_row: int
    unit_act: int
    twin_ref: str
    other_twin_ref: str
    person_merge: int
    evidence: int
    verified_evidence: int
    evidence_list: int
    held_class: int
    attendance: int
    class_list: int
    colleague_ref: str
    slip_sheet: int
    learner_ref: str
    learner_post: int
    instructor_ref: str
    instructor_grant: int
    exam_version: int
    exam: int
    exam_code: str
    exam_listed: int
    exam_begun: int
    exam_to_mark: int
    exam_written: int
    exam_essay: str
    exam_writing: int
    exam_closed: int
    exam_list: int
    ready_export: int
    figure_paper: int
    indicator_draft: int
    declaration_round: int
    declaring_unit: int
    declaration_file: int
    waiting_export: int
    today: str
    report_draft: int
    report_to_discard: int
    report_to_issue: int
    report_issue: int
    report_scan: int
    report_schedule: int
    plan_year: int
    plan_asking: int
    plan_ready: int
    plan_to_come: int
    plan_decision: int
    plan_nomination: int
    plan_spending: int
    plan_course: int
    campaign: int
    expert: int
    api_token: int
    open_month: str
    api_key: str
    register_file: int
    queued_job: int
    failed_job: int
    certificate: str
    certificate_number: str
    statement: str
    open_attempt: int
    submitted_attempt: int
    question: str
    essay_attempt: int
    essay: str
    essay_file: int
    notice: int
    assignment: int
    assignment_member: int
    calendar_token: str
    stop_token: str
    contact_token: str
    consent: int
    data_copy: int
    data_question: int
    data_correction: int
    data_withdrawal: int
    data_erasure: int
    post: int
    help_request: int
    read_stamp: str
    practical: int
    watch_stamp: str
    video_block: str
    base_version: int
    course_unit: int
    public_picture: str
    draft_picture: str
    draft_seal: str
    spare_asset: str
    lesson_comment: int
    running_video: str
    stopped_video: str
    upload: str
    taken_upload: str
    course: int
    bank: str
    bank_question: str
    bank_upload: int
    # Uploads.
    pdf: bytes
    workbook: bytes
    evidence_workbook: bytes
    attendee_workbook: bytes
    picture: bytes
    gift: bytes
    docx: bytes
    captions: bytes

    def fill(self, text: str) -> str:
        return text.format_map(vars(self))


def build(runtime: Runtime) -> World:
    """Fill a seeded database through the services; the application's handlers must be wired."""
    with runtime.database.writing() as db:
        who = {persona: _account(db, persona, *role) for persona, role in ROLES.items()}
        factories.post(db, factories.person(db, COLLEAGUE_NAME), HERE)
        factories.completion(db, who["learner"].person, factories.course(db), clock.today())
        jobs.enqueue(db, "coverage.open_data")
        done = _work(db, runtime.storage, who)
    Worker(runtime.database, runtime.storage, JOBS, CRONS).run_all()
    with runtime.database.writing() as db:
        colleague = db.scalars(select(Person).where(Person.name == COLLEAGUE_NAME)).one()
        return World(
            **done,
            **_waiting_work(db, who),
            **_reports(db, runtime.storage, who["manager"]),
            **plan_objects(db, runtime.storage, who, colleague, PAPER),
            **_certificate(db, runtime.storage),
            **_assignment(db, who),
            **_notice(db, who["learner"].person_id),
            **_roles(db, who),
            **_personal_data(db, runtime.storage, who),
            **_learning_and_studio(db, runtime.storage, who),
            workbook=workbook([GOOD]),
            attendee_workbook=workbook([evidence_row(LEARNER_NAME, "learner")], tuple(WHO)),
            evidence_workbook=workbook([evidence_row(LEARNER_NAME, "learner")], tuple(TEMPLATE)),
            picture=_png("red"),
            gift="Ký số là gì? {=đúng ~sai}".encode(),
            docx=saved(typed()).getvalue(),
            captions="1\n00:00:00,000 --> 00:00:02,000\nChào.\n".encode(),
        )


def _account(db: Session, persona: str, role: str | None, at: str) -> Account:
    name = LEARNER_NAME if persona == "learner" else f"Người Thử {persona.replace('_', ' ').title()}"
    holder = factories.person(db, name, birth_date=BORN)
    factories.post(db, holder, HERE if at == PROVINCE else at)
    return factories.account(db, holder, persona, role=role, at=at)


def _roles(db: Session, who: dict[str, Account]) -> dict[str, Any]:
    grant = db.scalars(select(RoleGrant.id).where(RoleGrant.account_id == who["instructor"].id)).one()
    refs = {f"{persona}_ref": who[persona].person.ref for persona in ("learner", "instructor")}
    post = db.scalars(select(Affiliation.id).where(Affiliation.person_id == who["learner"].person_id)).one()
    return refs | {"instructor_grant": grant, "learner_post": post}


# --- work in the background, done and not done --------------------------------------------------------------------


def _work(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    actor = accounts.actor_of(db, who["province_admin"].id)
    assert actor is not None
    key = sheet_imports.keep_source(storage, workbook([GOOD, good(2) | {"Điện thoại": "0"}]))
    checked = stages.begin(db, actor, WORKBOOK_NAME, key)
    done = _evidence(db, storage, who) | _held_class(db, storage, who) | _exams(db, storage, who)
    return done | {
        "people_import": checked.id,
        "unit_act": _unit_act(db),
        "slip_sheet": _slips(db, actor),
        **_twins(db, actor),
        "ready_export": _export(db, who["manager"]),
        "figure_paper": _figure_paper(db, storage, who["province_admin"]),
        **_declaration(db, storage, who["province_admin"]),
        "indicator_draft": _indicator_draft(db, who["province_admin"]),
        "register_file": _register(db, who["manager"]),
    }


def _twins(db: Session, actor: Actor) -> dict[str, Any]:
    """Two people here entered twice each: the one pair waits, the other is merged."""
    waiting, merged = (
        [factories.person(db, name, birth_date=BORN) for _ in range(2)] for name in (TWIN_NAME, MERGED_NAME)
    )
    for person in (*waiting, *merged):
        factories.post(db, person, HERE)
    done = merging.merge(db, actor, merging.pair_of(*merged), [], "đã hỏi đơn vị")
    return {"twin_ref": waiting[0].ref, "other_twin_ref": waiting[1].ref, "person_merge": done.id}


def _unit_act(db: Session) -> int:
    """A village was entered under the unit here, and nothing hangs on it."""
    village = Draft("THON-THU", VILLAGE_NAME, "village", "Thôn", factories.unit_id(db, HERE))
    return carry_out(db, Create(village), clock.today(), "01/QĐ-THU", account_id=None).id


def _slips(db: Session, actor: Actor) -> int:
    """The province's administrator had slips made for somebody here who has never signed in."""
    newcomer = factories.civil_servant(db, "newcomer", HERE)
    newcomer.must_change_password = True
    db.flush()
    (sheet,) = order_slips(db, actor, [newcomer.person_id], "danh-sach.xlsx")
    return sheet.id


def _evidence(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    """The learner has handed in two; the manager here verified one of them, and checks a list."""
    learner, manager = (accounts.actor_of(db, who[persona].id) for persona in ("learner", "manager"))
    assert learner is not None
    assert manager is not None
    document = check_document(_png("white"), "giay.png")
    given = Submission(
        title=EVIDENCE_TITLE, programme="P04-NENTANG", dated_on="15/03/2026", issuer="Nền tảng thử", hours="6"
    )
    waiting, decided = (submit(db, learner, given, document, keep_document(storage, document)) for _number in range(2))
    verify(db, manager, decided)
    key = sheet_imports.keep_source(storage, workbook([evidence_row(LEARNER_NAME, "learner")], tuple(TEMPLATE)))
    checked = sheet_imports.request_check(db, manager, EVIDENCE, EVIDENCE_LIST_NAME, key)
    return {"evidence": waiting.id, "verified_evidence": decided.id, "evidence_list": checked.id}


def _held_class(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    """The manager here recorded a class, the learner in it, and checks a list of its attendees."""
    manager = accounts.actor_of(db, who["manager"].id)
    assert manager is not None
    form = ClassForm(
        title=CLASS_TITLE,
        subject="task:P04-NENTANG",
        first_on="15/03/2026",
        place="Hội trường thử",
        hours="6",
        unit=HERE,
        teachers="Giảng Viên Thử",
    )
    held = record_class(db, manager, form)
    attendance, _is_new = add_attendee(db, manager, held, who["learner"].person_id)
    key = sheet_imports.keep_source(storage, workbook([evidence_row(LEARNER_NAME, "learner")], tuple(WHO)))
    checked = sheet_imports.request_check(db, manager, ATTENDEES, CLASS_LIST_NAME, key, held.id)
    ref = db.scalar(select(Person.ref).where(Person.name == COLLEAGUE_NAME))
    return {
        "held_class": held.id, "attendance": attendance.id, "class_list": checked.id, "colleague_ref": ref,
    }  # fmt: skip


def _exams(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    """Four sittings here: one the learner came in to, one they write in, one closed, one whose essay waits to be
    marked; and a list being checked.
    """
    manager, watcher = (accounts.actor_of(db, who[persona].id) for persona in ("manager", "instructor"))
    assert manager is not None
    assert watcher is not None
    version = studying.course(db, studying.ANSWER, slug="sat-hach")
    essays = studying.course(
        db, studying.Lesson(studying.ANSWER.key, has_text=False, questions=(_ESSAY_QUESTION,)), slug="sat-hach-viet"
    )
    now = clock.now()

    def sitting(code: str, version_id: int = version.id) -> tuple[ExamSitting, ExamCandidate]:
        made = ExamSitting(
            title=EXAM_TITLE, course_version_id=version_id, lesson_key=studying.ANSWER.key,
            opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=6), minutes=60, pass_percent=70,
            place="Phòng máy", unit_id=factories.unit_id(db, HERE), room_code=code, account_id=manager.account_id,
            planned_at=now,
        )  # fmt: skip
        db.add(made)
        db.flush()
        candidate, _is_new = add_candidate(db, manager, made, who["learner"].person_id)
        enter(db, made, candidate)
        room.check_identity(db, watcher, made, candidate, "")
        return made, candidate

    (waiting, _candidate), (begun, writing), (closed, _last) = (
        sitting(code) for code in ("123456", "234567", "345678")
    )
    colleague = db.scalars(select(Person).where(Person.name == COLLEAGUE_NAME)).one()
    listed, _is_new = add_candidate(db, manager, waiting, colleague.id)
    begin_exam(db, begun, writing)
    room.close(db, closed, manager.account_id)
    to_mark, written = sitting("456789", essays.id)
    begin_exam(db, to_mark, written)
    submit_exam(db, written, {_ESSAY_QUESTION["id"]: [EXAM_TEXT]})
    key = sheet_imports.keep_source(storage, workbook([evidence_row(LEARNER_NAME, "learner")], tuple(WHO)))
    checked = sheet_imports.request_check(db, manager, CANDIDATES, EXAM_LIST_NAME, key, waiting.id)
    return {
        "exam_version": version.id, "exam": waiting.id, "exam_code": waiting.room_code, "exam_listed": listed.id,
        "exam_to_mark": to_mark.id, "exam_written": written.id, "exam_essay": _ESSAY_QUESTION["id"],
        "exam_begun": begun.id, "exam_writing": writing.id, "exam_closed": closed.id, "exam_list": checked.id,
    }  # fmt: skip


def _assignment(db: Session, who: dict[str, Account]) -> dict[str, Any]:
    """The province asks the people here."""
    actor = accounts.actor_of(db, who["province_admin"].id)
    assert actor is not None
    course = factories.course(db, "GIAO01")
    order = Order(course.course_id, Rule(factories.unit_id(db, HERE), ("CBCC",)), clock.today(), asks_commitment=True)
    assignment = assign(db, actor, order)
    keep_list(db, assignment.rounds[0])
    mine = select(AssignmentMember.id).where(AssignmentMember.person_id == who["learner"].person_id)
    return {
        "assignment": assignment.id, "assignment_member": db.scalars(mine).one(),
        "calendar_token": calendar_token(who["learner"].person_id),
    }  # fmt: skip


def _waiting_work(db: Session, who: dict[str, Account]) -> dict[str, Any]:
    queued, failed = jobs.enqueue(db, "coverage.rebuild"), jobs.enqueue(db, "coverage.rebuild")
    db.get_one(Job, failed).state = "failed"
    return {
        "waiting_export": _export(db, who["manager"]), "api_token": _token(db, who["manager"]), "api_key": API_KEY,
        "open_month": f"{month_before(clock.today()):%Y-%m}",
        "queued_job": queued,
        "failed_job": failed,
        "import_row": db.scalars(select(PeopleImportRow.id).where(PeopleImportRow.outcome == "refused")).one(),
    }  # fmt: skip


def _reports(db: Session, storage: Storage, manager: Account) -> dict[str, Any]:
    """Of Phường Bắc Giang: drafts, one of them ready to be issued, one that was issued, with its signed paper."""
    actor = accounts.actor_of(db, manager.id)
    assert actor is not None
    wish = Wish(("B01",), str(clock.today().year), HERE, has_body=False)
    draft, discarded, ready, issued = (desk.begin(db, actor, PROVINCE, wish) for _time in range(4))
    for one in (ready, issued):
        desk.edit(db, one, {"subject": REPORT_SUBJECT, "signer_name": "Nguyễn Văn Mẫu"}, one.revision)
    made = desk.issue(db, storage, actor, issued, 5, clock.today())
    paper = check_document(PAPER, "ban-ky.pdf")
    schedule = ReportSchedule(
        unit_id=made.unit_id, every="year", wish=made.wish | {"period": ""}, account_id=manager.id,
        created_at=clock.now(),
    )  # fmt: skip
    db.add(schedule)
    db.flush()
    return {
        "today": clock.today().isoformat(),
        "report_draft": draft.id, "report_to_discard": discarded.id, "report_to_issue": ready.id,
        "report_issue": made.id, "report_scan": desk.add_scan(db, storage, actor, made, paper).id,
        "report_schedule": schedule.id,
    }  # fmt: skip


def _export(db: Session, owner: Account) -> int:
    wish = ExportFile(account_id=owner.id, what="completions", format="csv", filters={}, created_at=clock.now())
    db.add(wish)
    db.flush()
    wish.job_id = jobs.enqueue(db, "coverage.export", export_id=wish.id)
    return wish.id


def _token(db: Session, owner: Account) -> int:
    token = ApiToken(
        token_hash=hashlib.sha256(API_KEY.encode()).hexdigest(), name="Phần mềm của phường", account_id=owner.id,
        unit_id=factories.unit_id(db, HERE), scopes=["people", "completions", "coverage"], created_at=clock.now(),
        ends_on=clock.today() + timedelta(days=30),
    )  # fmt: skip
    db.add(token)
    db.flush()
    return token.id


def _figure_paper(db: Session, storage: Storage, owner: Account) -> int:
    document = check_document(_png("white"), "nguon.png")
    figure = DeclaredFigure(
        subject="LDDN", unit_id=factories.unit_id(db, "24"), as_of=clock.today(), value=340_000, source="Báo cáo thử",
        recorded_at=clock.now(), account_id=owner.id,
    )  # fmt: skip
    db.add(figure)
    db.flush()
    prove(db, [figure], document, keep_document(storage, document))
    return figure.id


def _declaration(db: Session, storage: Storage, owner: Account) -> dict[str, int]:
    """A round that asks the unit here, which has a draft with a paper."""
    now, here = clock.now(), factories.unit_id(db, HERE)
    asked = DeclarationRound(
        title="Đợt khai báo thử", subjects=["BG-STEM"], unit_id=factories.unit_id(db, "24"), kinds=["commune"],
        as_of=clock.today(), due_on=clock.today(), opened_at=now, account_id=owner.id,
    )  # fmt: skip
    db.add(asked)
    db.flush()
    answer = UnitDeclaration(round_id=asked.id, unit_id=here, state="draft")
    db.add(answer)
    db.flush()
    document = check_document(_png("white"), "minh-chung.png")
    paper = DeclarationFile(
        declaration_id=answer.id, file_name=document.file_name, content_type=document.content_type,
        sha256=document.sha256, storage_key=keep_document(storage, document), added_at=now, account_id=owner.id,
    )  # fmt: skip
    db.add(paper)
    db.flush()
    return {"declaration_round": asked.id, "declaring_unit": here, "declaration_file": paper.id}


def _indicator_draft(db: Session, owner: Account) -> int:
    base = definition_for(db, "BG-CBCC", clock.today().year)
    form = form_of(base, clock.today().year)
    form.reason = "Công văn thử số 05"
    effect = Effect(clock.today(), 0, (EffectRow("24", "Tỉnh", None, Side(1, 2, 0.5, 1, False)),))
    draft = IndicatorDraft(
        indicator_code=base.code, base_number=base.number, typed=form.model_dump(),
        effect=effect.as_json(), account_id=owner.id, changed_at=clock.now(),
    )  # fmt: skip
    db.add(draft)
    db.flush()
    return draft.id


def _register(db: Session, owner: Account) -> int:
    wish = CertificateFile(account_id=owner.id, what="register", format="xlsx", filters={}, created_at=clock.now())
    db.add(wish)
    db.flush()
    wish.job_id = jobs.enqueue(db, "certificates.make_file", file_id=wish.id)
    return wish.id


def _certificate(db: Session, storage: Storage) -> dict[str, Any]:
    issued = db.scalars(select(Certificate)).one()
    assert issued.document is not None, "the worker has made its PDF"
    pdf = b"".join(storage.read(issued.document.storage_key))
    return {
        "certificate": issued.code,
        "certificate_number": issued.number,
        "statement": statement_of(issued),
        "pdf": pdf,
    }


def _notice(db: Session, person_id: int) -> dict[str, Any]:
    notify(db, [person_id], category="message", key="test", sentence=lazy(NOTICE_TEXT), url="/my")
    return {
        "notice": db.scalars(select(Notice.id).where(Notice.key == "test")).one(),
        "stop_token": stop_token(person_id, "email"),
        "contact_token": link_token(order_check(db, db.get_one(Person, person_id), "email", "hoc.vien@example.vn")),
    }


def _personal_data(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    """The learner has a copy to fetch and asked everything else; the erasure is granted and not done."""
    person_id = who["learner"].person_id
    consent = Consent(person_id=person_id, purpose="statistics", wording="Tôi đồng ý.", given_at=clock.now())
    key = "privacy/ban-sao.sealed"
    size = storage.put(key, io.BytesIO(sealing.seal_file(b"ban sao")))
    now = clock.now()
    copy = PrivacyRequest(
        person_id=person_id, kind="copy", asked_at=now, state="done", done_at=now, files=[key], size=size
    )
    db.add_all([consent, copy])
    question, correction, withdrawal, erasure = (
        ask(db, person_id, kind, DATA_TEXT) for kind in ("see", "correct", "withdraw", "erase")
    )
    erasure.state = "granted"
    db.flush()
    return {
        "consent": consent.id, "data_copy": copy.id, "data_question": question.id, "data_correction": correction.id,
        "data_withdrawal": withdrawal.id, "data_erasure": erasure.id,
    }  # fmt: skip


# --- a course that is studied at its first version, published in its second and being written in its third --------


def _learning_and_studio(db: Session, storage: Storage, who: dict[str, Account]) -> dict[str, Any]:
    author, province = who["author"].id, factories.unit_id(db, PROVINCE)
    public, hidden = (_picture(db, storage, colour, author, province) for colour in ("green", "blue"))
    film = _film(db, storage, author, province)
    spare = _picture(db, storage, "yellow", author, province)
    spare.file_name = spare.folded_name = SPARE_NAME
    running, stopped = (_unfinished(db, name, author, province) for name in ("dang-chay.mp4", "da-dung.mp4"))
    _run(db, running)
    cancel(db, stopped)

    read = making.lesson(
        READ, markdown=f"{LESSON_TEXT}\n\n![Ba bước](01-anh.webp)\n", quiz=None, files=(_file("01-anh.webp", public),)
    )
    watch = making.lesson(WATCH, markdown="![Phim](02-phim.mp4)\n", quiz=None, files=(_file("02-phim.mp4", film),))
    answer = making.lesson(ANSWER)
    rule = LessonRule(read=False, practical=PracticalTask("Ký số một giấy mời"))
    practise = making.lesson(PRACTISE, quiz=None, completion=rule)
    essay = making.lesson(ESSAY, quiz={"pass_percent": 50, "shuffle": False, "questions": [_ESSAY_QUESTION]})
    draft = making.lesson(
        DRAFT,
        DRAFT_TITLE,
        "![Nháp](04-anh.webp)\n\n![Một](04-dang-chay.mp4)\n\n![Hai](04-da-dung.mp4)\n",
        files=(_file("04-anh.webp", hidden), _file("04-dang-chay.mp4", running), _file("04-da-dung.mp4", stopped)),
    )
    first = publish(db, _save(db, storage, province, read, watch, answer, practise, essay), None)
    learning = _learning(db, storage, who, first)
    publish(db, _save(db, storage, province, read, watch, making.lesson(ANSWER, "Tên mới"), practise), None)
    newest = _save(db, storage, province, read, watch, answer, draft, practise)
    opened = making.course(
        making.lesson(OPEN_LESSON, markdown=f"{OPEN_TEXT}\n"), slug=OPEN_SLUG, code="MO", access="open"
    )
    publish(db, save_version(db, storage, opened, province, author), None)
    save_version(db, storage, making.course(slug=CLOSED_SLUG, code="KIN", title=CLOSED_TITLE), province, author)
    _sent(db, who["author"], save_version(db, storage, making.course(slug=WAITING_SLUG, code="CHO"), province, author))
    return (
        learning
        | _bank(db, province, author)
        | {
            "course": newest.course_id,
            "base_version": newest.id,
            "course_unit": province,
            "public_picture": f"{public.public_id}/{public.renditions[0].name}",
            "draft_picture": f"{hidden.public_id}/{hidden.renditions[0].name}",
            "draft_seal": seal_of(hidden.public_id),
            "spare_asset": spare.public_id,
            "running_video": running.public_id,
            "stopped_video": stopped.public_id,
            "lesson_comment": _commented(db, who["author"], newest),
            "upload": _upload(db, storage, who["author"], province, None),
            "taken_upload": _upload(db, storage, who["author"], province, hidden.id),
        }
    )


def _sent(db: Session, author: Account, version: CourseVersion) -> None:
    actor = accounts.actor_of(db, author.id)
    assert actor is not None
    send_to_review(db, actor, db.get_one(Course, version.course_id), "")


def _commented(db: Session, author: Account, version: CourseVersion) -> int:
    actor = accounts.actor_of(db, author.id)
    assert actor is not None
    course = db.get_one(Course, version.course_id)
    return say(db, actor, course, READ, number=version.number, passage=1, text="Thử.").id


def _upload(db: Session, storage: Storage, owner: Account, unit_id: int, asset_id: int | None) -> str:
    """A picture on its way in, nothing of it there yet, or one that became an asset."""
    actor = accounts.actor_of(db, owner.id)
    assert actor is not None
    upload = uploads.begin(
        db, storage, get_settings(), by=actor, unit_id=unit_id, kind="image", file_name="anh.png", size=10
    )
    upload.asset_id = asset_id
    return upload.public_id


def _bank(db: Session, unit_id: int, author: int) -> dict[str, Any]:
    """A shared bank of the province with one question, and a sheet that waits to be confirmed."""
    bank = add_bank(db, BANK_TITLE, unit_id, by=author)
    question = add_question(db, bank, making.QUIZ["questions"][1], by=author)
    refused = Refused(3, "Hỏng", "Thiếu đáp án.", {"text": "Hỏng", "parts": []})
    found = Found(2, {key: value for key, value in making.QUIZ["questions"][1].items() if key != "id"})
    taken = Taken(Reading((found,), (refused,)), ({},))
    upload = keep_upload(db, bank, taken, "cau-hoi.xlsx", "xlsx", by=author)
    return {"bank": bank.key, "bank_question": question.key, "bank_upload": upload.id}


_ESSAY_QUESTION = {
    "id": f"{ESSAY}-q1", "kind": "essay", "text": "Anh/chị làm thế nào?", "explanation": "Theo các bước.",
    "rubric": [{"criterion": "Đủ bước", "points": 2}], "accept": ["text", "file"],
}  # fmt: skip


def _save(db: Session, storage: Storage, unit_id: int, *lessons: LessonSource) -> CourseVersion:
    return save_version(db, storage, making.course(*lessons, slug=SLUG), unit_id, None)


def _learning(db: Session, storage: Storage, who: dict[str, Account], version: CourseVersion) -> dict[str, Any]:
    """The learner has handed in one attempt, another with a file that waits to be marked, and begun a third; the other
    learner has only enrolled.
    """
    mine, _theirs = (enrol(db, who[name].person_id, version.course_id) for name in ("learner", "other_learner"))
    submitted = start_attempt(db, mine, ANSWER)
    submit_attempt(db, submitted, {})
    waiting = start_attempt(db, mine, ESSAY)
    essay = waiting.paper["questions"][0]["id"]
    arrived = receive(storage, waiting.paper, {essay: [("bai.png", io.BytesIO(_png("white")))]})
    keep_with_files(db, waiting, {}, arrived)
    submit_attempt(db, waiting, {essay: [ESSAY_TEXT]})
    with clock.frozen(clock.now() - timedelta(hours=1)):
        read_stamp, watch_stamp = stamps.issue(mine.id, READ), stamps.issue(mine.id, WATCH)
    opened = start_attempt(db, mine, ANSWER)
    return {
        "practical": report_done(db, mine, PRACTISE, PRACTICAL_NOTE).id,
        **_writing(db, who["learner"]),
        "submitted_attempt": submitted.id,
        "open_attempt": opened.id,
        "essay_attempt": waiting.id,
        "essay": essay,
        "essay_file": files_of(waiting.answers[essay])[0].id,
        "question": opened.paper["questions"][0]["id"],
        "read_stamp": read_stamp,
        "watch_stamp": watch_stamp,
        "video_block": next(block.id for block in lesson(db, version.id, WATCH).blocks if block.kind == "video"),
    }


def _writing(db: Session, learner: Account) -> dict[str, Any]:
    """A note, a question and a call for help at the lesson everybody reads."""
    actor = accounts.actor_of(db, learner.id)
    assert actor is not None
    place = lesson_place(db, actor, SLUG, READ)
    keep_note(db, actor.person_id, place, NOTE_TEXT, is_bookmarked=True)
    return {"post": ask_here(db, actor, place, POST_TEXT).id, "help_request": call(db, actor, place, HELP_TEXT).id}


# --- files --------------------------------------------------------------------------------------------------------


def _file(name: str, asset: Asset) -> FileSource:
    return FileSource(name, asset_id=asset.id)


def _png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 40), colour).save(out, "PNG")
    return out.getvalue()


def _picture(db: Session, storage: Storage, colour: str, by: int, unit_id: int) -> Asset:
    return add_asset(db, store(storage, io.BytesIO(_png(colour)), "anh.png"), by=by, unit_id=unit_id)


def _film(db: Session, storage: Storage, by: int, unit_id: int) -> Asset:
    """A video of 100 seconds as far as anybody can tell without playing it."""
    size = storage.put("assets/phim", io.BytesIO(b"mot doan phim"))
    ready = Shelved("180p.mp4", "video/mp4", size, 320, 180, "assets/phim")
    return add_asset(db, _stored_video("phim.mp4", (ready,)), by=by, unit_id=unit_id)


def _unfinished(db: Session, name: str, by: int, unit_id: int) -> Asset:
    return add_asset(db, _stored_video(name, ()), by=by, unit_id=unit_id)


def _stored_video(name: str, renditions: tuple[Shelved, ...]) -> StoredFile:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return StoredFile("video", name, "video/mp4", 13, sha256, "assets/phim", 320, 180, 100.0, renditions)


def _run(db: Session, video: Asset) -> None:
    """As a worker leaves it in the middle of its transcode."""
    job = jobs.latest(db, subject(video.id))
    assert job is not None
    video.state, job.state, job.progress_ratio = "processing", "running", 0.4
    job.lease_owner, job.lease_until = "mot-may-khac", clock.now() + timedelta(hours=1)
    db.flush()
