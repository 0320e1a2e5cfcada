"""An instructor's pages: the courses their people take, who is where and who is stuck; a word to them, a table."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.catalogue.queries import course_by_slug
from app.core import audit, clock, limiting
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.table_files import Table, download
from app.core.tables import Column
from app.core.web import Db, having, redirect, render
from app.notices.service import notify
from app.portal.followed import FOLLOW
from app.portal.teaching_queries import (
    Chosen,
    all_learners,
    chosen_people,
    teaching_courses,
    teaching_page,
)  # fmt: skip

router = APIRouter()

Instructor = Annotated[Actor, having(FOLLOW)]
Text = Annotated[str, Form()]

LONGEST = 1000
_LIMIT = "20/hour"
_SAID = lazy("%(name)s nhắn về khóa học “%(course)s”: %(text)s")


@router.get("/teaching")
def courses(request: Request, db: Db, actor: Instructor) -> Response:
    return render(request, "teaching/courses.html", courses=teaching_courses(db, actor))


@router.get("/teaching/{slug}")
def course(
    slug: str, request: Request, db: Db, actor: Instructor, state: str = "", lesson: str = "", q: str = "",
    page: int = 1,
) -> Response:  # fmt: skip
    return _course(request, db, actor, slug, _chosen(state, lesson, q), page)


@router.post("/teaching/{slug}/message")
def message(
    slug: str, request: Request, db: Db, actor: Instructor, text: Text = "", state: Text = "", lesson: Text = "",
    q: Text = "",
) -> Response:  # fmt: skip
    """A word to everybody the list shows, into their inboxes and to those who want it by email."""
    chosen = _chosen(state, lesson, q)
    text = text.strip()
    if not text or len(text) > LONGEST:
        problem = _("Hãy viết lời nhắn, dài nhất %(most)s ký tự.", most=LONGEST)
        return _course(request, db, actor, slug, chosen, 1, 422, text=text, problem=problem)
    limiting.hit(db, "message", _LIMIT, str(actor.account_id))
    found = course_by_slug(db, slug)
    people = [one for one in chosen_people(db, actor, found.course_id, chosen) if one not in actor.records]
    told = notify(
        db, people, category="message", key=f"said:{actor.account_id}:{clock.now().isoformat()}", sentence=_SAID,
        url=f"/courses/{slug}", name=actor.name, course=found.title, text=text,
    )  # fmt: skip
    audit.record(db, "teaching.message", "course", found.course_id, account_id=actor.account_id, count=told)
    done = _("Đã nhắn %(count)s người.", count=told)
    return redirect(request, f"/teaching/{slug}", flash=("ok", done))


@router.get("/teaching/{slug}/learners.xlsx")
def table(slug: str, db: Db, actor: Instructor, state: str = "", lesson: str = "", q: str = "") -> Response:
    found = course_by_slug(db, slug)
    rows = all_learners(db, actor, found, _chosen(state, lesson, q))
    columns = (
        Column(_("Họ và tên"), width=28), Column(_("Đơn vị"), width=32), Column(_("Tình trạng"), width=14),
        Column(_("Số bài đã xong"), "int", 12), Column(_("Số bài bắt buộc"), "int", 12),
        Column(_("Đang ở bài"), width=44), Column(_("Học lần cuối"), "instant", 17), Column(_("Hạn"), "date", 12),
        Column(_("Hoàn thành ngày"), "date", 14), Column(_("Số lần chưa đạt"), "int", 12),
    )  # fmt: skip
    words = state_words()
    lines = (
        (
            row.name, row.unit_name, words[row.state], row.done_count, row.lesson_count, row.lesson_title,
            row.last_active_at, row.due_on, row.completed_on, row.failed_count,
        )
        for row in rows
    )  # fmt: skip
    return download(Table(_("Người học"), (found.title,), columns, lines), "xlsx", f"nguoi-hoc-{slug}")


def state_words() -> dict[str, str]:
    return {"stuck": _("cần giúp"), "learning": _("đang học"), "done": _("đã xong")}


def _chosen(state: str, lesson: str, query: str) -> Chosen:
    return Chosen(state, lesson[:40], query.strip()[:100])


def _course(
    request: Request, db: Db, actor: Actor, slug: str, chosen: Chosen, page: int, status: int = 200, *, text: str = "",
    problem: str = "",
) -> Response:  # fmt: skip
    found = teaching_page(db, actor, slug, chosen, page)
    return render(
        request, "teaching/course.html", status=status, page=found, words=state_words(), text=text, problem=problem
    )
