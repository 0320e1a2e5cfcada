"""Every route of the application: what to send it, whom it lets in, and what everybody else gets.

`{names}` in addresses, forms and secrets are fields of the world. A call always aims at something that exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import factories
from tests.access.world import (
    ANONYMOUS,
    ANSWER,
    BANK_TITLE,
    BORN,
    CLASS_LIST_NAME,
    CLASS_TITLE,
    CLOSED_SLUG,
    CLOSED_TITLE,
    COLLEAGUE_NAME,
    DRAFT,
    DRAFT_TITLE,
    ESSAY_TEXT,
    EVIDENCE_LIST_NAME,
    EVIDENCE_TITLE,
    EXAM_LIST_NAME,
    EXAM_TITLE,
    HELP_TEXT,
    HERE,
    IMPORTED_NAME,
    LEARNER_NAME,
    LESSON_TEXT,
    NOTE_TEXT,
    NOTICE_TEXT,
    OPEN_LESSON,
    OPEN_SLUG,
    OPEN_TEXT,
    PERSONAS,
    POST_TEXT,
    PRACTICAL_NOTE,
    PRACTISE,
    READ,
    SLUG,
    WORKBOOK_NAME,
    World,
)
from tests.authoring.conftest import BODY

SIGN_IN, FORBIDDEN, HIDDEN = 303, 403, 404
EVERYBODY = frozenset(PERSONAS)
SIGNED_IN = EVERYBODY - {ANONYMOUS}
NOBODY: frozenset[str] = frozenset()
LEARNER, MANAGER = frozenset({"learner"}), frozenset({"manager"})
ENROLLED = frozenset({"learner", "other_learner"})
IMPORTER, IMPORTERS = frozenset({"province_admin"}), frozenset({"province_admin", "other_admin"})
MANAGERS = IMPORTERS | {"manager", "other_manager"}
MANAGERS_HERE = IMPORTERS | {"manager"}
MARKERS = IMPORTERS | {"instructor", "other_instructor"}
MARKERS_HERE = IMPORTERS | {"instructor"}
FOLLOWERS = MANAGERS | MARKERS
PUBLISHERS = IMPORTERS | {"content_admin"}
PROVINCE_AUTHORS = PUBLISHERS | {"author"}
AUTHORS = PROVINCE_AUTHORS | {"other_author"}
OPERATORS = IMPORTERS | {"operator"}


# The task in the world is confirmed by a unit manager.
_NO_CONFIRMER = dict.fromkeys(("other_manager", "instructor", "other_instructor"), HIDDEN)


@dataclass(frozen=True)
class Declared:
    """One call of a route. What is open to everybody, or to everybody signed in, must say why.

    `others`: what the signed-in personas get who are not let in; `refused` says it for single ones. `secret` is a text
    only `told_to` may read in an answer, whether they were let in or not.
    """

    method: str
    path: str
    url: str
    allowed: frozenset[str]
    why_open: str = ""
    case: str = ""
    others: int = FORBIDDEN
    refused: Mapping[str, int] = field(default_factory=dict)
    anonymous: int = SIGN_IN
    answers: tuple[int, ...] = (200,)
    secret: str = ""
    told_to: frozenset[str] = NOBODY
    form: Mapping[str, str] = field(default_factory=dict)
    # Form field: name of the file, and the world's field that holds its bytes.
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.case})" if self.case else "")

    @property
    def is_unsafe(self) -> bool:
        return self.method != "GET"

    def refusal(self, persona: str) -> int:
        """The status somebody gets who is not let in."""
        return self.anonymous if persona == ANONYMOUS else self.refused.get(persona, self.others)

    def request(self, world: World, token: str) -> dict[str, Any]:
        """What httpx sends; a page puts its token into the form, into the address of an upload, or into a header."""
        call: dict[str, Any] = {"url": world.fill(self.url), "headers": {"accept": "text/html,application/xhtml+xml"}}
        if self.json is not None:
            filled = {name: world.fill(value) if isinstance(value, str) else value for name, value in self.json.items()}
            return call | {"json": filled, "headers": {"accept": "application/json", "x-csrf-token": token}}
        if not self.is_unsafe:
            return call
        form = {name: world.fill(value) for name, value in self.form.items()}
        if self.files:
            opened = {name: (file, getattr(world, held)) for name, (file, held) in self.files.items()}
            return call | {"params": {"csrf_token": token}, "data": form, "files": opened}
        return call | {"data": form | {"csrf_token": token}}


def page(path: str, allowed: frozenset[str], url: str = "", **more: Any) -> Declared:
    return Declared("GET", path, url or path, allowed, **more)


def act(path: str, allowed: frozenset[str], url: str = "", **more: Any) -> Declared:
    """A form; it answers with the page to go to unless `answers` says otherwise."""
    return Declared("POST", path, url or path, allowed, **{"answers": (303,)} | more)


LESSON = {
    "base_version": "{base_version}",
    "module": "01-mo-dau",
    "title": "Ký số trên điện thoại",
    "minutes": "12",
    "objectives": "Ký được một công văn trên điện thoại.",
    "role": "Anh Bình, công chức địa chính",
    "body": BODY,
    "source_title": "Luật Giao dịch điện tử",
    "source_ref": "Luật số 20/2023/QH15",
    "source_url": "",
    "picture_alt": "Màn hình điện thoại có nút Ký số",
}
NEW_PASSWORD = "mot-mat-khau-khac-han-27"

_PORTAL = (
    page("/", EVERYBODY, why_open="the front door"),
    page("/about", EVERYBODY, why_open="explains the platform"),
    page("/help", EVERYBODY, why_open="help must not need an account"),
    page("/privacy", EVERYBODY, why_open="what happens to personal data is read before giving any"),
    page("/look", EVERYBODY, why_open="parts of the look, in a demo only"),
    page("/my", SIGNED_IN, why_open="one's own page", secret="{certificate_number}", told_to=LEARNER),
    act("/settings/look", EVERYBODY, why_open="a cookie of this browser", form={"theme": "dark", "next": "/"}),
    act("/settings/language", EVERYBODY, why_open="a cookie of this browser", form={"lang": "en", "next": "/"}),
)

_ACCOUNTS = (
    page("/sign-in", EVERYBODY, why_open="the door", answers=(200, 303)),
    act("/sign-in", EVERYBODY, why_open="the door", form={"name": "learner", "password": factories.PASSWORD}),
    page("/sign-up", EVERYBODY, why_open="an account of one's own", answers=(200, 303)),
    act("/sign-up", EVERYBODY, why_open="an account of one's own",
        form={"name": "Người Mới Đăng Ký", "contact": "moi@example.vn", "commune": "n07210", "group": "citizen",
              "password": NEW_PASSWORD, "agrees": "1"}),
    act("/sign-out", EVERYBODY, why_open="ends this browser's session, if it has one"),
    act("/sign-out/everywhere", SIGNED_IN, why_open="ends one's own sessions"),
    page("/account", SIGNED_IN, why_open="one's own account", secret=LEARNER_NAME, told_to=LEARNER),
    page("/account/password", SIGNED_IN, why_open="one's own password"),
    act("/account/password", SIGNED_IN, why_open="one's own password",
        form={"old": factories.PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}),
)  # fmt: skip

# Another administrator may import as well, but not see what this one imported.
_ANOTHERS = {"other_admin": HIDDEN}
_UNITS_AND_PEOPLE = (
    page("/units", EVERYBODY, why_open="units are public facts"),
    page("/units/{code}", EVERYBODY, f"/units/{HERE}", why_open="units are public facts"),
    page("/people", MANAGERS, secret=COLLEAGUE_NAME, told_to=MANAGERS_HERE),
    page("/people/imports", IMPORTERS, secret=WORKBOOK_NAME, told_to=IMPORTER),
    page("/people/imports/template.xlsx", IMPORTERS),
    act("/people/imports", IMPORTERS, files={"file": ("danh-sach.xlsx", "workbook")}),
    page("/people/imports/{import_id}", IMPORTER, "/people/imports/{people_import}", refused=_ANOTHERS,
         secret=IMPORTED_NAME, told_to=IMPORTER),
    page("/people/imports/{import_id}/result.xlsx", IMPORTER, "/people/imports/{people_import}/result.xlsx",
         refused=_ANOTHERS),
    act("/people/imports/{import_id}/apply", IMPORTER, "/people/imports/{people_import}/apply", refused=_ANOTHERS),
)  # fmt: skip

_LEARNING = (
    page("/courses", EVERYBODY, why_open="the catalogue", secret=CLOSED_TITLE),
    page("/courses/{slug}", EVERYBODY, f"/courses/{SLUG}", why_open="the catalogue", secret=DRAFT_TITLE),
    act("/courses/{slug}/enrol", SIGNED_IN, f"/courses/{SLUG}/enrol", why_open="anyone may learn what is published"),
    act("/courses/{slug}/move", ENROLLED, f"/courses/{SLUG}/move", others=HIDDEN),
    page("/learn/{slug}/{lesson_key}", SIGNED_IN, f"/learn/{SLUG}/{READ}", why_open="offers to enrol",
         secret=LESSON_TEXT, told_to=ENROLLED),
    # The other learner studies the same lesson, but the stamp is of the learner's page.
    act("/learn/{slug}/{lesson_key}/read", LEARNER, f"/learn/{SLUG}/{READ}/read", form={"stamp": "{read_stamp}"},
        others=HIDDEN, refused={"other_learner": 422}),
    act("/learn/{slug}/{lesson_key}/practical", ENROLLED, f"/learn/{SLUG}/{PRACTISE}/practical", others=HIDDEN,
        form={"note": "Đã ký số một giấy mời."}),
    page("/practicals", MANAGERS | MARKERS, secret=PRACTICAL_NOTE, told_to=MANAGERS_HERE),
    act("/practicals/{report_id}/confirm", MANAGERS_HERE, "/practicals/{practical}/confirm",
        refused=_NO_CONFIRMER),
    act("/practicals/{report_id}/return", MANAGERS_HERE, "/practicals/{practical}/return", form={"reason": "Chưa rõ."},
        refused=_NO_CONFIRMER),
    page("/learn/{slug}/{lesson_key}/quiz", ENROLLED, f"/learn/{SLUG}/{ANSWER}/quiz", others=HIDDEN),
    act("/learn/{slug}/{lesson_key}/quiz", ENROLLED, f"/learn/{SLUG}/{ANSWER}/quiz", others=HIDDEN),
    page("/attempts/{attempt_id}", LEARNER, "/attempts/{open_attempt}", case="open", others=HIDDEN),
    page("/attempts/{attempt_id}", LEARNER, "/attempts/{submitted_attempt}", case="handed in", others=HIDDEN),
    act("/attempts/{attempt_id}/answers", LEARNER, "/attempts/{open_attempt}/answers",
        form={"question": "{question}", "seq": "1"}, others=HIDDEN),
    act("/attempts/{attempt_id}/submit", LEARNER, "/attempts/{open_attempt}/submit", others=HIDDEN),
    # An open course is for anybody, with an account or without; a stamp of another browser is told so.
    page("/learn/{slug}/{lesson_key}", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}", case="open course",
         why_open="open lessons", secret=OPEN_TEXT, told_to=EVERYBODY),
    act("/learn/{slug}/{lesson_key}/read", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/read", case="open course",
        why_open="open lessons", form={"stamp": "{read_stamp}"}, answers=(422,)),
    page("/learn/{slug}/{lesson_key}/quiz", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/quiz", case="open course",
         why_open="open lessons"),
    act("/learn/{slug}/{lesson_key}/quiz", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/quiz", case="open course",
        why_open="open lessons"),
    page("/guest/keep", SIGNED_IN, why_open="what one did here before signing in; nothing, so on to one's own page",
         answers=(303,)),
    act("/guest/keep", SIGNED_IN, why_open="what one did here before signing in", form={"answer": "yes"}),
    act("/guest/forget", EVERYBODY, why_open="clears this browser's own guest"),
    # The hot route: JSON, with its token in a header.
    act("/progress", LEARNER, others=HIDDEN, anonymous=401, answers=(200,),
        json={"stamp": "{watch_stamp}", "block": "{video_block}", "client": "trang-1", "seq": 1, "spans": [[0, 30]]}),
)  # fmt: skip

_LESSON = f"/learn/{SLUG}/{READ}"
MODERATORS = PROVINCE_AUTHORS
_TALKERS = ENROLLED | MODERATORS
_COMMUNITY = (
    page("/learn/{slug}/{lesson_key}/note", _TALKERS, f"{_LESSON}/note", others=HIDDEN, secret=NOTE_TEXT,
         told_to=LEARNER),
    act("/learn/{slug}/{lesson_key}/note", _TALKERS, f"{_LESSON}/note", others=HIDDEN, form={"text": "Ghi nhớ"}),
    page("/my/notes", SIGNED_IN, why_open="one's own notes", secret=NOTE_TEXT, told_to=LEARNER),
    page("/my/record.pdf", SIGNED_IN, why_open="one's own record"),
    page("/learn/{slug}/{lesson_key}/discussion", _TALKERS, f"{_LESSON}/discussion", others=HIDDEN, secret=POST_TEXT,
         told_to=_TALKERS),
    act("/learn/{slug}/{lesson_key}/discussion", _TALKERS, f"{_LESSON}/discussion", others=HIDDEN,
        form={"text": "Hỏi thêm"}),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/report", _TALKERS, f"{_LESSON}/discussion/{{post}}/report",
        others=HIDDEN),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/hide", MODERATORS | LEARNER,
        f"{_LESSON}/discussion/{{post}}/hide", others=HIDDEN, form={"reason": "nhầm chỗ"}),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/show", MODERATORS, f"{_LESSON}/discussion/{{post}}/show",
        others=HIDDEN),
    page("/learn/{slug}/{lesson_key}/help", _TALKERS, f"{_LESSON}/help", others=HIDDEN, secret=HELP_TEXT,
         told_to=LEARNER),
    act("/learn/{slug}/{lesson_key}/help", _TALKERS, f"{_LESSON}/help", others=HIDDEN, form={"text": "Không mở được"}),
    page("/help-requests", MANAGERS, secret=HELP_TEXT, told_to=MANAGERS_HERE),
    act("/help-requests/{request_id}/answer", MANAGERS_HERE, "/help-requests/{help_request}/answer",
        refused={"other_manager": HIDDEN}, form={"answer": "Bấm nút bên phải"}),
    page("/courses/{slug}/rating", _TALKERS, f"/courses/{SLUG}/rating", others=HIDDEN),
    act("/courses/{slug}/rating", _TALKERS, f"/courses/{SLUG}/rating", others=HIDDEN, form={"stars": "4"}),
)  # fmt: skip

_TEACHING = (
    page("/teaching", FOLLOWERS, secret=f"/teaching/{SLUG}", told_to=FOLLOWERS),
    page("/teaching/{slug}", FOLLOWERS, f"/teaching/{SLUG}", secret=f"{LEARNER_NAME}</b><br>",
         told_to=MANAGERS_HERE | MARKERS_HERE),
    act("/teaching/{slug}/message", FOLLOWERS, f"/teaching/{SLUG}/message", form={"text": "Cần giúp gì không?"}),
    page("/teaching/{slug}/learners.xlsx", FOLLOWERS, f"/teaching/{SLUG}/learners.xlsx"),
)  # fmt: skip

_ELSEWHERE = {"other_manager": HIDDEN}
_NO_MARKER = {"other_instructor": HIDDEN}
_NOT_MINE = dict.fromkeys(MANAGERS, HIDDEN)
_EVIDENCE = (
    page("/my/evidence", SIGNED_IN, why_open="one's own evidence", secret=EVIDENCE_TITLE, told_to=LEARNER),
    act("/my/evidence", SIGNED_IN, why_open="one's own evidence", files={"file": ("giay.png", "picture")},
        form={"title": "Kỹ năng số", "programme": "P04-NENTANG", "dated_on": "15/03/2026", "issuer": "Nền tảng thử",
              "hours": "6", "number": "NT-9"}),
    page("/my/evidence/{evidence_id}/file", LEARNER, "/my/evidence/{evidence}/file", others=HIDDEN),
    page("/marking", MARKERS, secret="Anh/chị làm thế nào?", told_to=MARKERS_HERE),
    page("/marking/attempts", MARKERS),
    page("/marking/attempts/{attempt_id}", MARKERS_HERE, "/marking/attempts/{essay_attempt}", refused=_NO_MARKER),
    act("/marking/attempts/{attempt_id}/grants", MARKERS_HERE, "/marking/attempts/{essay_attempt}/grants",
        refused=_NO_MARKER, form={"kind": "one_more", "reason": "Mất điện"}),
    page("/marking/{attempt_id}/{question_id}", MARKERS_HERE, "/marking/{essay_attempt}/{essay}", refused=_NO_MARKER,
         secret=ESSAY_TEXT, told_to=MARKERS_HERE),
    act("/marking/{attempt_id}/{question_id}", MARKERS_HERE, "/marking/{essay_attempt}/{essay}", refused=_NO_MARKER,
        form={"points": "2"}),
    page("/evidence", MANAGERS, secret=EVIDENCE_TITLE, told_to=MANAGERS_HERE),
    page("/evidence/{evidence_id}", MANAGERS_HERE, "/evidence/{evidence}", refused=_ELSEWHERE, secret=EVIDENCE_TITLE,
         told_to=MANAGERS_HERE),
    page("/evidence/{evidence_id}/file", MANAGERS_HERE, "/evidence/{evidence}/file", refused=_ELSEWHERE),
    act("/evidence/{evidence_id}/verify", MANAGERS_HERE, "/evidence/{evidence}/verify", refused=_ELSEWHERE),
    act("/evidence/{evidence_id}/refuse", MANAGERS_HERE, "/evidence/{evidence}/refuse", refused=_ELSEWHERE,
        form={"reason": "Ảnh mờ, không đọc được"}),
    act("/evidence/{evidence_id}/annul", MANAGERS_HERE, "/evidence/{verified_evidence}/annul", refused=_ELSEWHERE,
        form={"reason": "Duyệt nhầm người"}),
    page("/evidence/lists", MANAGERS, secret=EVIDENCE_LIST_NAME, told_to=MANAGER),
    page("/evidence/lists/template.xlsx", MANAGERS),
    act("/evidence/lists", MANAGERS, files={"file": ("danh-sach.xlsx", "evidence_workbook")}),
    page("/evidence/lists/{import_id}", MANAGER, "/evidence/lists/{evidence_list}", refused=_NOT_MINE,
         secret=EVIDENCE_LIST_NAME, told_to=MANAGER),
    page("/evidence/lists/{import_id}/result.xlsx", MANAGER, "/evidence/lists/{evidence_list}/result.xlsx",
         refused=_NOT_MINE),
    act("/evidence/lists/{import_id}/apply", MANAGER, "/evidence/lists/{evidence_list}/apply", refused=_NOT_MINE),
)  # fmt: skip

_CLASSES = (
    page("/classes", MANAGERS, secret=CLASS_TITLE, told_to=MANAGERS_HERE),
    page("/classes/new", MANAGERS),
    act("/classes/new", MANAGERS_HERE, refused={"other_manager": 422},
        form={"title": "Tập huấn thử", "subject": "task:P04-NENTANG", "first_on": "15/03/2026", "place": "Hội trường",
              "hours": "6", "unit": HERE, "teachers": "Giảng Viên Thử"}),
    page("/classes/template.xlsx", MANAGERS),
    page("/classes/{class_id}", MANAGERS_HERE, "/classes/{held_class}", refused=_ELSEWHERE, secret=CLASS_TITLE,
         told_to=MANAGERS_HERE),
    act("/classes/{class_id}/attendees", MANAGERS_HERE, "/classes/{held_class}/attendees", refused=_ELSEWHERE,
        form={"ref": "{colleague_ref}"}),
    act("/classes/{class_id}/attendees/{attendance_id}/remove", MANAGERS_HERE,
        "/classes/{held_class}/attendees/{attendance}/remove", refused=_ELSEWHERE, form={"reason": "Ghi nhầm người"}),
    act("/classes/{class_id}/lists", MANAGERS_HERE, "/classes/{held_class}/lists", refused=_ELSEWHERE,
        files={"file": ("du-lop.xlsx", "attendee_workbook")}),
    page("/classes/{class_id}/lists/{import_id}", MANAGER, "/classes/{held_class}/lists/{class_list}",
         refused=_NOT_MINE, secret=CLASS_LIST_NAME, told_to=MANAGER),
    page("/classes/{class_id}/lists/{import_id}/result.xlsx", MANAGER,
         "/classes/{held_class}/lists/{class_list}/result.xlsx", refused=_NOT_MINE),
    act("/classes/{class_id}/lists/{import_id}/apply", MANAGER, "/classes/{held_class}/lists/{class_list}/apply",
        refused=_NOT_MINE),
)  # fmt: skip

_WATCHERS = MANAGERS_HERE | {"instructor"}
_EXAMS = (
    page("/exams", SIGNED_IN, why_open="one's own sittings; who is named for one has no role", secret=EXAM_TITLE,
         told_to=_WATCHERS),
    page("/exams/new", MANAGERS),
    act("/exams/new", MANAGERS_HERE, refused={"other_manager": 422},
        form={"title": "Sát hạch thử", "subject": "{exam_version}:L3", "day": "01/12/2099", "opens": "08:00",
              "closes": "10:00", "minutes": "45", "pass_percent": "70", "place": "Phòng máy", "unit": HERE}),
    page("/exams/template.xlsx", MANAGERS),
    page("/exams/{sitting_id}", _WATCHERS, "/exams/{exam}", others=HIDDEN, secret="{exam_code}", told_to=_WATCHERS),
    act("/exams/{sitting_id}/candidates", MANAGERS_HERE, "/exams/{exam}/candidates", refused=_ELSEWHERE,
        form={"ref": "{colleague_ref}"}),
    act("/exams/{sitting_id}/candidates/{candidate_id}/remove", MANAGERS_HERE,
        "/exams/{exam}/candidates/{exam_listed}/remove", refused=_ELSEWHERE),
    act("/exams/{sitting_id}/invigilators", MANAGERS_HERE, "/exams/{exam}/invigilators", refused=_ELSEWHERE,
        form={"username": "learner"}),
    act("/exams/{sitting_id}/sign", MANAGERS_HERE, "/exams/{exam_closed}/sign", refused=_ELSEWHERE,
        form={"number": "05/BB-UBND"}),
    page("/exams/{sitting_id}/minute.{kind}", _WATCHERS, "/exams/{exam_closed}/minute.pdf", others=HIDDEN),
    page("/exams/{sitting_id}/minute.{kind}", _WATCHERS, "/exams/{exam_closed}/minute.docx", others=HIDDEN,
         case="docx"),
    act("/exams/{sitting_id}/lists", MANAGERS_HERE, "/exams/{exam}/lists", refused=_ELSEWHERE,
        files={"file": ("thi-sinh.xlsx", "attendee_workbook")}),
    page("/exams/{sitting_id}/lists/{import_id}", MANAGER, "/exams/{exam}/lists/{exam_list}", refused=_NOT_MINE,
         secret=EXAM_LIST_NAME, told_to=MANAGER),
    page("/exams/{sitting_id}/lists/{import_id}/result.xlsx", MANAGER, "/exams/{exam}/lists/{exam_list}/result.xlsx",
         refused=_NOT_MINE),
    act("/exams/{sitting_id}/lists/{import_id}/apply", MANAGER, "/exams/{exam}/lists/{exam_list}/apply",
        refused=_NOT_MINE),
    act("/exams/{sitting_id}/code", _WATCHERS, "/exams/{exam}/code", others=HIDDEN),
    act("/exams/{sitting_id}/notes", _WATCHERS, "/exams/{exam}/notes", others=HIDDEN, form={"text": "Mất điện"}),
    act("/exams/{sitting_id}/close", _WATCHERS, "/exams/{exam}/close", others=HIDDEN),
    page("/exams/{sitting_id}/candidates/{candidate_id}", _WATCHERS, "/exams/{exam}/candidates/{exam_listed}",
         others=HIDDEN, secret=COLLEAGUE_NAME, told_to=_WATCHERS),
    act("/exams/{sitting_id}/candidates/{candidate_id}/check", _WATCHERS,
        "/exams/{exam}/candidates/{exam_listed}/check", others=HIDDEN),
    act("/exams/{sitting_id}/candidates/{candidate_id}/extend", _WATCHERS,
        "/exams/{exam_begun}/candidates/{exam_writing}/extend", others=HIDDEN,
        form={"minutes": "5", "why": "Máy hỏng"}),
    act("/exams/{sitting_id}/candidates/{candidate_id}/stop", _WATCHERS,
        "/exams/{exam_begun}/candidates/{exam_writing}/stop", others=HIDDEN, form={"why": "Xin thôi giữa giờ"}),
    page("/my/exams", SIGNED_IN, why_open="one's own sittings", secret=EXAM_TITLE, told_to=LEARNER),
    page("/my/exams/{sitting_id}", LEARNER, "/my/exams/{exam}", others=HIDDEN),
    act("/my/exams/{sitting_id}/enter", LEARNER, "/my/exams/{exam}/enter", others=HIDDEN,
        form={"code": "{exam_code}"}),
    act("/my/exams/{sitting_id}/begin", LEARNER, "/my/exams/{exam}/begin", others=HIDDEN),
    act("/my/exams/{sitting_id}/answers", LEARNER, "/my/exams/{exam_begun}/answers", others=HIDDEN,
        form={"question": "q2", "value": "false", "seq": "1"}),
    act("/my/exams/{sitting_id}/events", LEARNER, "/my/exams/{exam_begun}/events", others=HIDDEN, answers=(200,),
        form={"kind": "hidden", "client": "trang", "seq": "1", "ago": "0"}),
    act("/my/exams/{sitting_id}/submit", LEARNER, "/my/exams/{exam_begun}/submit", others=HIDDEN),
)  # fmt: skip

_CERTIFICATES = (
    page("/certificates", MANAGERS, secret="{certificate_number}", told_to=MANAGERS_HERE),
    act("/certificates/files", MANAGERS, form={"what": "register", "format": "xlsx"}, case="register"),
    act("/certificates/files", IMPORTERS, form={"what": "reissue", "reason": "Đổi mẫu", "count": "1"}, case="reissue",
        refused=dict.fromkeys(("manager", "other_manager"), FORBIDDEN)),
    page("/certificates/files/{file_id}", MANAGER, "/certificates/files/{register_file}",
         refused=dict.fromkeys(MANAGERS, HIDDEN)),
    act("/certificates/files/{file_id}/cancel", MANAGER, "/certificates/files/{register_file}/cancel",
        refused=dict.fromkeys(MANAGERS, HIDDEN)),
    page("/certificates/{code}/manage", IMPORTERS, "/certificates/{certificate}/manage",
         secret="{certificate_number}", told_to=IMPORTERS),
    act("/certificates/{code}/replace", IMPORTERS, "/certificates/{certificate}/replace",
        form={"kind": "name", "reason": "Sai tên"}),
    act("/certificates/{code}/revoke", IMPORTERS, "/certificates/{certificate}/revoke",
        form={"kind": "clerical", "reason": "Sai tên"}),
    page("/certificates/forms", IMPORTERS),
    act("/certificates/forms", IMPORTERS, form={"act": "preview"}, answers=(422,)),
    page("/certificates/{code}", LEARNER, "/certificates/{certificate}", others=HIDDEN, secret="{certificate_number}",
         told_to=LEARNER),
    page("/certificates/{code}/pdf", LEARNER, "/certificates/{certificate}/pdf", others=HIDDEN),
    page("/verify", EVERYBODY, why_open="anybody checks a certificate", secret="{certificate_number}"),
    page("/verify/q/{signed}", EVERYBODY, "/verify/q/{statement}", why_open="whoever holds the paper may check it",
         secret=f"{BORN:%d/%m/%Y}"),
    page("/verify/offline", EVERYBODY, why_open="public keys, for checking without a network"),
    page("/verify/offline/list.json", EVERYBODY, why_open="which papers ended, told to who holds their codes",
         secret="{certificate_number}"),
    page("/verify/worker.js", EVERYBODY, why_open="a script"),
    page("/verify/{code}", EVERYBODY, "/verify/{certificate}", why_open="whoever holds the code may check it",
         secret=f"{BORN:%d/%m/%Y}"),
    act("/verify", EVERYBODY, why_open="number and name together are as good as the code",
        form={"number": "{certificate_number}", "name": LEARNER_NAME}),
    act("/verify/file", EVERYBODY, why_open="whoever holds the file may check it", files={"file": ("giay.pdf", "pdf")},
        answers=(200,)),
)  # fmt: skip

# Authors elsewhere do not find the course; who writes none is told so.
_NOT_THEIRS = {"other_author": HIDDEN}
_BANK = "/studio/banks/{bank}"
_QUESTION = {"text": "Ký số là gì?", "explanation": "Là ký bằng chứng thư số.", "answer": "true", "revision": "1"}
_BANKS = (
    page("/studio/banks", AUTHORS, secret=BANK_TITLE, told_to=PROVINCE_AUTHORS),
    act("/studio/banks", PROVINCE_AUTHORS, form={"title": "Ngân hàng mới", "belongs": "course:{course}"},
        refused=_NOT_THEIRS),
    page("/studio/banks/template.xlsx", AUTHORS),
    page("/studio/banks/{key}", PROVINCE_AUTHORS, _BANK, refused=_NOT_THEIRS, secret=BANK_TITLE,
         told_to=PROVINCE_AUTHORS),
    page("/studio/banks/{key}/questions/new", PROVINCE_AUTHORS, f"{_BANK}/questions/new", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/new", PROVINCE_AUTHORS, f"{_BANK}/questions/new?kind=true_false",
        refused=_NOT_THEIRS, form=_QUESTION),
    page("/studio/banks/{key}/questions/{question_key}", PROVINCE_AUTHORS, f"{_BANK}/questions/{{bank_question}}",
         refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/{question_key}", PROVINCE_AUTHORS, f"{_BANK}/questions/{{bank_question}}",
        refused=_NOT_THEIRS, form=_QUESTION),
    page("/studio/banks/{key}/questions/{question_key}/preview", PROVINCE_AUTHORS,
         f"{_BANK}/questions/{{bank_question}}/preview", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/{question_key}/retire", PROVINCE_AUTHORS,
        f"{_BANK}/questions/{{bank_question}}/retire", refused=_NOT_THEIRS, form={"retired": "true"}),
    act("/studio/banks/{key}/questions/{question_key}/copy", PROVINCE_AUTHORS,
        f"{_BANK}/questions/{{bank_question}}/copy", refused=_NOT_THEIRS, form={"to": "{bank}"}),
    page("/studio/banks/{key}/import", PROVINCE_AUTHORS, f"{_BANK}/import", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/import", PROVINCE_AUTHORS, f"{_BANK}/import", refused=_NOT_THEIRS,
        files={"file": ("cau-hoi.gift", "gift")}),
    page("/studio/banks/{key}/imports/{upload_id}", PROVINCE_AUTHORS, f"{_BANK}/imports/{{bank_upload}}",
         refused=_NOT_THEIRS),
    act("/studio/banks/{key}/imports/{upload_id}", PROVINCE_AUTHORS, f"{_BANK}/imports/{{bank_upload}}",
        refused=_NOT_THEIRS),
    page("/studio/banks/{key}/imports/{upload_id}/result.xlsx", PROVINCE_AUTHORS,
         f"{_BANK}/imports/{{bank_upload}}/result.xlsx", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/export", PROVINCE_AUTHORS, f"{_BANK}/export", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/export/{format_name}", PROVINCE_AUTHORS, f"{_BANK}/export/gift", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/statistics", PROVINCE_AUTHORS, f"{_BANK}/statistics", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/statistics", PROVINCE_AUTHORS, f"{_BANK}/statistics", refused=_NOT_THEIRS),
    page("/studio/{slug}/lessons/{key}/statistics", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{ANSWER}/statistics",
         refused=_NOT_THEIRS),
    act("/studio/{slug}/lessons/{key}/statistics", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{ANSWER}/statistics",
        refused=_NOT_THEIRS),
)  # fmt: skip
_STUDIO = (
    page("/studio", AUTHORS, secret=CLOSED_TITLE, told_to=PROVINCE_AUTHORS),
    page("/studio/{slug}", PROVINCE_AUTHORS, f"/studio/{SLUG}", refused=_NOT_THEIRS, secret=DRAFT_TITLE,
         told_to=PROVINCE_AUTHORS),
    page("/studio/{slug}/lessons/{key}/preview", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{DRAFT}/preview",
         refused=_NOT_THEIRS, secret=DRAFT_TITLE, told_to=PROVINCE_AUTHORS),
    page("/studio/{slug}/lessons/new", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/new", refused=_NOT_THEIRS),
    act("/studio/{slug}/lessons/new", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/new", refused=_NOT_THEIRS,
        form=LESSON, files={"picture": ("nut-ky.png", "picture")}),
    page("/studio/{slug}/lessons/{key}/edit", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{DRAFT}/edit",
         refused=_NOT_THEIRS, secret=DRAFT_TITLE, told_to=PROVINCE_AUTHORS),
    act("/studio/{slug}/lessons/{key}/edit", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{READ}/edit",
        refused=_NOT_THEIRS, form=LESSON, files={"picture": ("nut-ky.png", "picture")}),
    page("/studio/{slug}/publish", PROVINCE_AUTHORS, f"/studio/{SLUG}/publish", refused=_NOT_THEIRS),
    act("/studio/{slug}/publish", PUBLISHERS, f"/studio/{CLOSED_SLUG}/publish", refused=_NOT_THEIRS,
        form={"number": "1"}),
    act("/studio/{slug}/videos/{public_id}/cancel", PROVINCE_AUTHORS, f"/studio/{SLUG}/videos/{{running_video}}/cancel",
        refused=_NOT_THEIRS),
    act("/studio/{slug}/videos/{public_id}/retry", PROVINCE_AUTHORS, f"/studio/{SLUG}/videos/{{stopped_video}}/retry",
        refused=_NOT_THEIRS),
    page("/media/{public_id}/{name}", EVERYBODY, "/media/{public_picture}", case="published",
         why_open="pictures of published courses"),
    page("/media/{public_id}/{name}", PROVINCE_AUTHORS, "/media/{draft_picture}", case="draft", anonymous=HIDDEN,
         others=HIDDEN),
)  # fmt: skip

_COVERAGE = (
    page("/coverage", SIGNED_IN, why_open="sums name nobody", secret=COLLEAGUE_NAME),
    page("/coverage/table.{format}", SIGNED_IN, "/coverage/table.csv", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/coverage/{indicator}/definition", SIGNED_IN, "/coverage/BG-NGUOIDAN/definition",
         why_open="how figures are counted is no secret", secret='action="/coverage/BG-NGUOIDAN/figures"',
         told_to=IMPORTERS),
    act("/coverage/{indicator}/figures", IMPORTERS, "/coverage/BG-NGUOIDAN/figures",
        form={"what": "result", "value": "72,5", "unit": "24", "as_of": "2026-01-10",
              "source": "Báo cáo khảo sát thử"}),
    page("/programmes", SIGNED_IN, why_open="sums name nobody", secret=COLLEAGUE_NAME),
    page("/programmes/table.{format}", SIGNED_IN, "/programmes/table.csv", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/programmes/{code}", SIGNED_IN, "/programmes/P04-NENTANG", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/coverage/{indicator}", SIGNED_IN, f"/coverage/BG-CBCC?unit={HERE}", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/coverage/{indicator}/missing", MANAGERS, f"/coverage/BG-CBCC/missing?unit={HERE}", secret=COLLEAGUE_NAME,
         told_to=MANAGERS_HERE),
    page("/exports", MANAGERS, secret='href="/exports/{ready_export}"', told_to=MANAGER),
    act("/exports", MANAGERS, form={"what": "completions", "format": "csv", "unit": HERE}),
    page("/exports/{export_id}", MANAGER, "/exports/{ready_export}", refused=dict.fromkeys(MANAGERS, HIDDEN),
         secret="{certificate_number}", told_to=MANAGER),
    act("/exports/{export_id}/cancel", MANAGER, "/exports/{waiting_export}/cancel",
        refused=dict.fromkeys(MANAGERS, HIDDEN)),
)  # fmt: skip

_ELSEWHERE = {"other_manager": HIDDEN}
_ASSIGNMENTS = (
    page("/assignments", MANAGERS, secret='href="/assignments/{assignment}"', told_to=MANAGERS_HERE),
    page("/assignments/new", MANAGERS),
    act("/assignments/new", MANAGERS, form={"course": "khoa-kin"}, answers=(422,)),
    page("/assignments/{assignment_id}", MANAGERS_HERE, "/assignments/{assignment}", refused=_ELSEWHERE,
         secret=COLLEAGUE_NAME, told_to=MANAGERS_HERE),
    act("/assignments/{assignment_id}/end", IMPORTERS, "/assignments/{assignment}/end", refused=_ELSEWHERE),
    act("/assignments/{assignment_id}/remind", MANAGERS_HERE, "/assignments/{assignment}/remind", refused=_ELSEWHERE),
    act("/assignments/{assignment_id}/nominate", MANAGERS_HERE, "/assignments/{assignment}/nominate",
        refused=_ELSEWHERE, form={"people": "learner"}),
    page("/assignments/{assignment_id}/members/{member_id}", MANAGERS_HERE,
         "/assignments/{assignment}/members/{assignment_member}", refused=_ELSEWHERE,
         secret='name="what" value="exempt"', told_to=MANAGERS_HERE),
    act("/assignments/{assignment_id}/members/{member_id}", MANAGERS_HERE,
        "/assignments/{assignment}/members/{assignment_member}", refused=_ELSEWHERE,
        form={"what": "exempt", "reason": "nghỉ ốm"}),
    page("/my/commitments/{member_id}", LEARNER, "/my/commitments/{assignment_member}", others=HIDDEN),
    act("/my/commitments/{member_id}", LEARNER, "/my/commitments/{assignment_member}", others=HIDDEN),
    page("/my/deadlines", SIGNED_IN, why_open="one's own deadlines"),
    page("/my/deadlines.ics", SIGNED_IN, why_open="one's own deadlines"),
    page("/calendar/{token}.ics", EVERYBODY, "/calendar/{calendar_token}.ics",
         why_open="calendar programs cannot sign in; the address is the secret", secret=LEARNER_NAME),
)  # fmt: skip

_NOTICES = (
    page("/notices", SIGNED_IN, why_open="one's own inbox", secret=NOTICE_TEXT, told_to=LEARNER),
    act("/notices/{notice_id}/open", LEARNER, "/notices/{notice}/open", others=HIDDEN),
    act("/notices/read", SIGNED_IN, why_open="one's own inbox", form={"until": "{notice}"}),
    page("/notices/settings", SIGNED_IN, why_open="one's own choice"),
    act("/notices/settings", SIGNED_IN, why_open="one's own choice", form={"wanted": "due"}),
    page("/notices/stop/{token}", EVERYBODY, "/notices/stop/{stop_token}", why_open="whoever holds the letter",
         secret=LEARNER_NAME, told_to=LEARNER),
    act("/notices/stop/{token}", EVERYBODY, "/notices/stop/{stop_token}", why_open="whoever holds the letter",
        answers=(200,)),
)  # fmt: skip

_ADMIN = (
    page("/admin", OPERATORS),
    page("/admin/mail", OPERATORS),
    act("/admin/mail/retry", OPERATORS),
    act("/admin/mail/trial", OPERATORS),
    page("/admin/jobs", OPERATORS),
    act("/admin/jobs/{job_id}/cancel", OPERATORS, "/admin/jobs/{queued_job}/cancel"),
    act("/admin/jobs/{job_id}/retry", OPERATORS, "/admin/jobs/{failed_job}/retry"),
    page("/admin/audit", OPERATORS),
    page("/healthz", EVERYBODY, why_open="load balancers ask without an account"),
    page("/readyz", EVERYBODY, why_open="load balancers ask without an account"),
)

DECLARED = (
    *_PORTAL, *_ACCOUNTS, *_UNITS_AND_PEOPLE, *_LEARNING, *_EVIDENCE, *_CLASSES, *_EXAMS, *_CERTIFICATES, *_BANKS,
    *_STUDIO, *_COVERAGE, *_ASSIGNMENTS, *_COMMUNITY, *_TEACHING, *_NOTICES, *_ADMIN,
)  # fmt: skip
