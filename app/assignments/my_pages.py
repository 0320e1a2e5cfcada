"""What was assigned to me: promising to do it, and the deadlines in one's own calendar."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.assignments import service
from app.assignments.calendar import calendar_token, deadlines_file, read_calendar_token
from app.assignments.models import AssignmentMember
from app.assignments.my_queries import MyAssignment, my_assignment
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.web import Config, Db, Me, RowId, redirect, render

router = APIRouter()


@router.get("/my/commitments/{member_id}")
def commitment(request: Request, db: Db, actor: Me, member_id: RowId) -> Response:
    mine = my_assignment(db, actor.person_id, member_id)
    return render(request, "assignments/commitment.html", mine=mine, wording=_promise(actor, mine))


@router.post("/my/commitments/{member_id}")
def commit(request: Request, db: Db, actor: Me, member_id: RowId) -> Response:
    mine = my_assignment(db, actor.person_id, member_id)
    if not mine.promise_asked and mine.promised_on is None:
        raise Conflict(_("Việc học này không yêu cầu cam kết."))
    service.commit_to(db, db.get_one(AssignmentMember, member_id), _promise(actor, mine))
    return redirect(request, "/my", flash=("ok", _("Đã ghi nhận cam kết của anh/chị.")))


@router.get("/my/deadlines")
def deadlines(request: Request, actor: Me, config: Config) -> Response:
    address = f"{config.public_url}/calendar/{calendar_token(actor.person_id)}.ics"
    return render(request, "assignments/deadlines.html", address=address)


@router.get("/my/deadlines.ics")
def deadlines_ics(db: Db, actor: Me) -> Response:
    return _calendar(deadlines_file(db, actor.person_id))


@router.get("/calendar/{token}.ics")
def subscribed(db: Db, token: str) -> Response:
    """For calendar programs, which cannot sign in: whoever holds the address sees these deadlines and nothing else."""
    person_id = read_calendar_token(token)
    if person_id is None:
        raise NotFound
    return _calendar(deadlines_file(db, person_id))


def _promise(actor: Actor, mine: MyAssignment) -> str:
    return _(
        "Tôi, %(name)s, cam kết hoàn thành khóa học “%(title)s” do %(unit)s giao, chậm nhất ngày %(due)s.",
        name=actor.name, title=mine.title, unit=mine.unit_name, due=format_date(mine.due_on),
    )  # fmt: skip


def _calendar(content: bytes) -> Response:
    return attachment(content, "han-hoc.ics", "text/calendar; charset=utf-8")
