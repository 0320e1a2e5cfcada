"""The quiz of a lesson in the studio: its questions, a file of questions, its rules."""

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile

from app.authoring import lesson_quiz, queries, question_files, questions_io, service
from app.authoring.bank_form import DIFFICULTIES, KIND_NAMES, QuestionFields, of_question
from app.authoring.bank_queries import drawable_banks
from app.authoring.lesson_quiz import DrawFields, QuizFields
from app.authoring.lesson_quiz_files import TakenIn, take_in
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.question_sending import Desk, Sent, SentForm, files_shown, question_sent
from app.authoring.questions_io import Reading
from app.catalogue import questions
from app.catalogue.inline import say
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.quiz_rules import REVIEWS
from app.catalogue.source import CourseSource, LessonSource
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.db import Database, Session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc, whole
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.quota import QuotaFull, must_fit

router = APIRouter()

_BASE = "/studio/{slug}/lessons/{key}/quiz"
_SUMMARY = 160
REVIEW_NAMES = dict(
    zip(
        REVIEWS,
        (
            lazy("Đáp án và giải thích, ngay sau khi nộp"), lazy("Đáp án và giải thích, khi đã đạt"), lazy("Chỉ điểm"),
            lazy("Chỉ đạt hay chưa đạt"),
        ),
        strict=True,
    )
)  # fmt: skip


@dataclass(frozen=True)
class QuestionRow:
    """A question of the quiz; `number` counts from 1."""

    id: str
    number: int
    kind: str
    text: str


@dataclass(frozen=True)
class QuizPage:
    """The quiz as the newest version has it; `taken` tells of a file just read."""

    course: CourseView
    key: str
    title: str
    rows: tuple[QuestionRow, ...]
    fields: QuizFields
    banks: tuple[tuple[str, str], ...]
    errors: dict[str, str]
    problem: str = ""
    taken: TakenIn | None = None

    @property
    def url(self) -> str:
        return f"/studio/{self.course.slug}/lessons/{self.key}/quiz"


@dataclass(frozen=True)
class QuizQuestionPage:
    """The form of one question; `question_id` is empty for a new one, `fields.revision` the version started from."""

    course: CourseView
    key: str
    title: str
    question_id: str
    fields: QuestionFields
    errors: dict[str, str]


@router.get(_BASE)
def quiz(key: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    return _render(request, _page(db, course, key))


@router.post(_BASE)
def rules(
    key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files,
    pass_percent: Annotated[str, Form()] = "", shuffle: Annotated[bool, Form()] = False,
    time_limit: Annotated[str, Form()] = "", attempts: Annotated[str, Form()] = "", wait: Annotated[str, Form()] = "",
    review: Annotated[str, Form()] = "", bank: Annotated[list[str] | None, Form()] = None,
    count: Annotated[list[str] | None, Form()] = None, topic: Annotated[list[str] | None, Form()] = None,
    difficulty: Annotated[list[str] | None, Form()] = None, base_version: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """How the quiz is taken, and what it draws from banks."""
    draws = zip(bank or (), count or (), topic or (), difficulty or (), strict=False)
    fields = QuizFields(
        pass_percent, shuffle, time_limit, attempts, wait, review,
        tuple(DrawFields(one, number, nfc(theme), level) for one, number, theme, level in draws if one),
        whole(base_version) or 0,
    )  # fmt: skip
    lesson = _lesson(db, course, key)[1]
    made, errors = lesson_quiz.with_rules(lesson.quiz, fields, dict(drawable_banks(db, course)))
    if errors:
        page = replace(_page(db, course, key), fields=fields, errors=errors)
        return _render(request, page, 422)
    kept = made if made["questions"] or made.get("draw") else None
    try:
        service.save_quiz(db, storage, actor, course, key, kept, {}, fields.base_version)
    except Conflict as error:
        page = _page(db, course, key)
        # Whoever saves once more after a warning has seen the newest version.
        fields = replace(fields, base_version=page.fields.base_version)
        return _render(request, replace(page, fields=fields, problem=error.message), error.status)
    return redirect(request, _url(course, key), flash=("ok", _("Đã lưu vào bản nháp.")))


@router.post(_BASE + "/file")
def upload(
    slug: str, key: str, request: Request, actor: Author, databases: Databases, storage: Files, settings: Config,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """No transaction while the file is read and its pictures are stored."""
    with databases.reading() as db:
        course = queries.authored_course(db, actor, slug)
        _lesson(db, course, key)
        unit_id = course.unit_id
    try:
        name, reading = _read(file)
        with databases.reading() as db:
            must_fit(db, settings, unit_id, reading.picture_bytes, _("ảnh trong %(file)s", file=name))
        files = question_files.take(storage, reading)
        with databases.writing() as db:
            course = queries.authored_course(db, actor, slug)
            taken = take_in(db, storage, actor, course, key, files)
            return _render(request, replace(_page(db, course, key), taken=taken))
    except (Invalid, QuotaFull) as error:
        with databases.reading() as db:
            course = queries.authored_course(db, actor, slug)
            return _render(request, replace(_page(db, course, key), errors={"file": error.message}), error.status)


@router.get(_BASE + "/questions/new")
def new(key: str, request: Request, db: Db, course: AuthoredCourse, kind: str = "single") -> Response:
    if kind not in questions.KINDS:
        raise NotFound
    fields = QuestionFields(kind, revision=newest_version(db, course).id)
    return _form(request, _question_page(db, course, key, "", fields, {}))


@router.post(_BASE + "/questions/new")
def create(
    slug: str, key: str, sent: SentForm, request: Request, actor: Author, databases: Databases, files: Files,
    settings: Config, kind: str = "single",
) -> Response:  # fmt: skip
    if kind not in questions.KINDS:
        raise NotFound
    return _save(request, _Try(slug, key, "", kind, actor, sent), databases, files, settings)


@router.get(_BASE + "/questions/{question_id}")
def edit(key: str, question_id: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    question = _question(_lesson(db, course, key)[1], question_id)
    fields = of_question(question, newest_version(db, course).id)
    return _form(request, _question_page(db, course, key, question_id, fields, {}))


@router.post(_BASE + "/questions/{question_id}")
def change(
    slug: str, key: str, question_id: str, sent: SentForm, request: Request, actor: Author, databases: Databases,
    files: Files, settings: Config,
) -> Response:  # fmt: skip
    return _save(request, _Try(slug, key, question_id, "", actor, sent), databases, files, settings)


@router.post(_BASE + "/questions/{question_id}/move")
def move(
    key: str, question_id: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files,
    by: Annotated[int, Form(ge=-1, le=1)],
) -> Response:  # fmt: skip
    """One place up (-1) or down (1); the others stay in their order."""
    lesson = _lesson(db, course, key)[1]
    _question(lesson, question_id)
    made = lesson_quiz.moved(lesson.quiz or {}, question_id, by)
    service.save_quiz(db, storage, actor, course, key, made, {}, newest_version(db, course).id)
    return redirect(request, f"{_url(course, key)}#q-{question_id}")


@router.post(_BASE + "/questions/{question_id}/delete")
def delete(
    key: str, question_id: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files
) -> Response:
    """Papers that hold it keep it, as the published version does."""
    lesson = _lesson(db, course, key)[1]
    _question(lesson, question_id)
    made = lesson_quiz.without(lesson.quiz or {}, question_id)
    service.save_quiz(db, storage, actor, course, key, made, {}, newest_version(db, course).id)
    return redirect(request, _url(course, key), flash=("ok", _("Đã bỏ câu hỏi khỏi bản nháp.")))


@dataclass(frozen=True)
class _Try:
    """One press of the save button; `question_id` is empty for a new question, `kind` for one there is."""

    slug: str
    key: str
    question_id: str
    kind: str
    actor: Actor
    sent: Sent


def _save(request: Request, form: _Try, databases: Database, files: Files, settings: Config) -> Response:
    """Its own sessions: none is held while a picture is checked. What was typed comes back with every error."""
    with databases.reading() as db:
        lesson = _lesson(db, queries.authored_course(db, form.actor, form.slug), form.key)[1]
        kind = _question(lesson, form.question_id)["kind"] if form.question_id else form.kind
    desk = Desk(
        databases, files, settings, form.actor, lambda db: queries.authored_course(db, form.actor, form.slug).unit_id
    )
    fields, body, errors = question_sent(desk, form.sent, kind)
    try:
        if errors:
            raise Invalid(fields=errors)
        with databases.writing() as db:
            course = queries.authored_course(db, form.actor, form.slug)
            _keep(db, files, course, form, fields, body)
    except (Invalid, Conflict) as error:
        said = error.fields if isinstance(error, Invalid) and error.fields else {"question": error.message}
        with databases.reading() as db:
            course = queries.authored_course(db, form.actor, form.slug)
            if isinstance(error, Conflict):  # whoever saves once more after that warning has seen the newest version
                fields = replace(fields, revision=newest_version(db, course).id)
            page = _question_page(db, course, form.key, form.question_id, fields, dict(said))
            return _form(request, page, error.status)
    url = f"/studio/{form.slug}/lessons/{form.key}/quiz"
    return redirect(request, url, flash=("ok", _("Đã lưu câu hỏi vào bản nháp.")))


def _keep(
    db: Session, files: Files, course: Course, form: _Try, fields: QuestionFields, body: dict[str, Any]
) -> None:  # fmt: skip
    source, lesson = _lesson(db, course, form.key)
    shown = files_shown(db, form.actor, body, {one.name: one.asset_id or 0 for one in lesson.files})
    question_id = form.question_id or lesson_quiz.new_ids(source, form.key, 1)[0]
    question = {**body, "id": question_id}
    made = (
        lesson_quiz.changed(lesson.quiz or {}, question)
        if form.question_id
        else lesson_quiz.with_questions(lesson.quiz, [question])
    )
    if faults := lesson_quiz.faults(made):
        raise Invalid(" ".join(faults.values()))
    service.save_quiz(db, files, form.actor, course, form.key, made, shown, fields.revision)


def _read(file: UploadFile | None) -> tuple[str, Reading]:
    if file is None or not file.filename:
        raise Invalid(_("Hãy chọn một tệp."))
    name = PurePath(file.filename.replace("\\", "/")).name
    chosen = question_files.format_of(name)
    if chosen is None:
        raise Invalid(_("Tệp “%(name)s” không phải Excel (.xlsx), GIFT, Moodle XML hay Aiken.", name=name))
    return name, questions_io.read(chosen, file.file.read())


def _lesson(db: Session, course: Course, key: str) -> tuple[CourseSource, LessonSource]:
    source = source_of(db, newest_version(db, course).id)
    return source, service.lesson_in(source, key)[1]


def _question(lesson: LessonSource, question_id: str) -> dict[str, Any]:
    for one in (lesson.quiz or {}).get("questions", ()):
        if one["id"] == question_id:
            return dict(one)
    raise NotFound


def _page(db: Session, course: Course, key: str) -> QuizPage:
    version = newest_version(db, course)
    lesson = service.lesson_in(source_of(db, version.id), key)[1]
    rows = (
        QuestionRow(one["id"], number, one["kind"], say(one["text"], {}).plain[:_SUMMARY])
        for number, one in enumerate((lesson.quiz or {}).get("questions", ()), start=1)
    )
    return QuizPage(
        course_version(db, version.id), key, lesson.title, tuple(rows), QuizFields.of_quiz(lesson.quiz, version.id),
        tuple(drawable_banks(db, course)), {},
    )  # fmt: skip


def _question_page(
    db: Session, course: Course, key: str, question_id: str, fields: QuestionFields, errors: dict[str, str]
) -> QuizQuestionPage:
    version = newest_version(db, course)
    lesson = service.lesson_in(source_of(db, version.id), key)[1]
    return QuizQuestionPage(course_version(db, version.id), key, lesson.title, question_id, fields, errors)


def _url(course: Course, key: str) -> str:
    return f"/studio/{course.slug}/lessons/{key}/quiz"


def _render(request: Request, page: QuizPage, status: int = 200) -> Response:
    return render(
        request, "authoring/lesson_quiz.html", status=status, page=page, kind_names=KIND_NAMES,
        review_names=REVIEW_NAMES, difficulties=DIFFICULTIES,
    )  # fmt: skip


def _form(request: Request, page: QuizQuestionPage, status: int = 200) -> Response:
    response = render(
        request, "authoring/lesson_question.html", status=status, page=page, kind_names=KIND_NAMES,
        difficulties=DIFFICULTIES,
    )  # fmt: skip
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response
