"""What an operator looks at: health, background work, who did what."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import __version__
from app.admin.health import Check, essential_checks, titles, work_checks
from app.core import jobs
from app.core.access import Actor
from app.core.audit import AuditEntry, record
from app.core.audit_seals import AuditSeal, newest_seal
from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.jobs import Job
from app.core.web import Databases, Db, Files, RowId, having, redirect, render

router = APIRouter()

Operator = Annotated[Actor, having("jobs.view")]
Auditor = Annotated[Actor, having("audit.view")]

_PER_PAGE = 50


@dataclass(frozen=True)
class JobsPage:
    jobs: list[Job]
    counts: dict[str, int]
    state: str


@dataclass(frozen=True)
class AuditPage:
    entries: list[AuditEntry]
    page: int
    pages: int
    seal: AuditSeal | None


@router.get("/admin")
def admin(request: Request, db: Db, database: Databases, files: Files, actor: Operator) -> Response:
    checks: list[Check] = [*essential_checks(database, files), *work_checks(db, files)]
    return render(request, "admin/index.html", checks=checks, version=__version__, titles=titles())


@router.get("/admin/jobs")
def job_list(request: Request, db: Db, actor: Operator, state: str = "") -> Response:
    per_state = db.execute(select(Job.state, func.count().label("number")).group_by(Job.state))
    counts = {row.state: row.number for row in per_state}
    query = select(Job).order_by(Job.id.desc()).limit(_PER_PAGE)
    if state:
        query = query.where(Job.state == state)
    page = JobsPage(list(db.scalars(query)), counts, state)
    return render(request, "admin/jobs.html", fragment="rows", page=page)


@router.post("/admin/jobs/{job_id}/cancel")
def cancel(request: Request, db: Db, actor: Operator, job_id: RowId) -> Response:
    """A waiting job is stopped at once, a running one at its next step; raises Conflict for one that is over."""
    job = _job(db, job_id)
    if job.state in jobs.FINISHED:
        raise Conflict(_("Công việc này đã kết thúc nên không dừng được nữa."))
    jobs.cancel(db, job)
    record(db, "job.cancel", "job", job_id, account_id=actor.account_id)
    return redirect(request, "/admin/jobs", flash=("ok", _("Đã yêu cầu dừng công việc.")))


@router.post("/admin/jobs/{job_id}/retry")
def retry(request: Request, db: Db, actor: Operator, job_id: RowId) -> Response:
    """A failed or stopped job waits again, with all its attempts; raises Conflict for any other."""
    jobs.retry(_job(db, job_id))
    record(db, "job.retry", "job", job_id, account_id=actor.account_id)
    return redirect(request, "/admin/jobs", flash=("ok", _("Công việc đã được xếp lại vào hàng chờ.")))


@router.get("/admin/audit")
def audit(request: Request, db: Db, actor: Auditor, page: int = 1) -> Response:
    total = db.scalar(select(func.count()).select_from(AuditEntry)) or 0
    pages = max(1, -(-total // _PER_PAGE))
    page = min(max(page, 1), pages)
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).offset((page - 1) * _PER_PAGE).limit(_PER_PAGE)
    return render(request, "admin/audit.html", page=AuditPage(list(db.scalars(query)), page, pages, newest_seal(db)))


def _job(db: Session, job_id: int) -> Job:
    job = db.get(Job, job_id, with_for_update=True)
    if job is None:
        raise NotFound
    return job
