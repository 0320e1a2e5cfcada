"""How far a list of people is, and what its importer asks for next; a job does it (work.py).

reading > checking > checked > applying > applied > undoing > undone. Whoever mends rows has them checked again.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import WRITING, check_again
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.sheet_imports import visible_import
from app.identity.models import PeopleImport

UNDO_WITHIN = timedelta(days=1)
WORKING = ("reading", "checking", "applying", "undoing")


def begin(db: Session, actor: Actor, file_name: str, source_key: str) -> PeopleImport:
    """Have a stored workbook read and checked."""
    wish = PeopleImport(
        kind=PEOPLE.name, account_id=actor.account_id, file_name=file_name, dry_run=True, created_at=clock.now(),
        outcome={}, source_key=source_key, stage="reading",
    )  # fmt: skip
    db.add(wish)
    db.flush()
    order(db, wish)
    return wish


def request_apply(db: Session, actor: Actor, import_id: int) -> PeopleImport:
    """Have the rows written that are ready; asking twice writes them once. Raises Conflict if nothing is ready."""
    wish = visible_import(db, actor, PEOPLE, import_id, lock=True)
    if wish.stage == "applying" or (wish.stage == "applied" and not ready_count(db, wish.id)):
        return wish
    if wish.stage not in ("checked", "applied") or not ready_count(db, wish.id):
        raise Conflict(_("Tệp này chưa kiểm tra xong, không có dòng nào nhập được hoặc đã hết hạn lưu."))
    wish.stage, wish.dry_run, wish.applied_at = "applying", False, clock.now()
    order(db, wish)
    return wish


def request_undo(db: Session, actor: Actor, import_id: int) -> PeopleImport:
    """Have what a list wrote taken back; raises Conflict when it is too late or nothing was written."""
    wish = visible_import(db, actor, PEOPLE, import_id, lock=True)
    if wish.stage in ("undoing", "undone"):
        return wish
    if not can_undo(wish, has_ended(db, wish)):
        raise Conflict(_("Chỉ hoàn tác được trong vòng một ngày kể từ lúc nhập."))
    wish.stage = "undoing"
    audit.record(db, "people.undo_asked", "people_import", wish.id, account_id=actor.account_id)
    order(db, wish)
    return wish


def can_undo(wish: PeopleImport, ended: bool) -> bool:
    """`ended`: no job works on it."""
    fresh = wish.applied_at is not None and clock.now() < undo_until(wish.applied_at)
    return fresh and ended and wish.stage in ("applied", "applying")


def undo_until(applied_at: datetime) -> datetime:
    return applied_at + UNDO_WITHIN


def request_confirm(db: Session, actor: Actor, import_id: int, problem: str) -> PeopleImport:
    """All rows with this problem are right as they are; they are checked again, and so are those they may touch."""
    wish = mendable(db, actor, import_id)
    found = (PeopleImportRow.import_id == wish.id) & (PeopleImportRow.problem == problem)
    db.execute(update(PeopleImportRow).where(found).values(confirmed=True))
    check_again(db, select(PeopleImportRow.id).where(found))
    wish.stage = "checking"
    order(db, wish)
    return wish


def request_stop(db: Session, actor: Actor, import_id: int) -> None:
    """Stop what works on a list; what is done stays done."""
    wish = visible_import(db, actor, PEOPLE, import_id)
    job = jobs.latest(db, subject(wish.id))
    if wish.stage in WORKING and job is not None:
        jobs.cancel(db, job)


def request_go_on(db: Session, actor: Actor, import_id: int) -> None:
    """Go on with what was stopped or has failed."""
    wish = visible_import(db, actor, PEOPLE, import_id, lock=True)
    if wish.stage in WORKING and has_ended(db, wish):
        order(db, wish)


def mendable(db: Session, actor: Actor, import_id: int, *, lock: bool = True) -> PeopleImport:
    """The list if its rows can be mended now; else raises Conflict. `lock` it to mend one."""
    wish = visible_import(db, actor, PEOPLE, import_id, lock=lock)
    if wish.stage not in ("checked", "applied"):
        raise Conflict(_("Danh sách này đang được xử lý hoặc đã kết thúc nên chưa sửa được."))
    return wish


def ready_count(db: Session, import_id: int) -> int:
    """How many rows are checked and would be written."""
    ready = (PeopleImportRow.stage == "checked") & PeopleImportRow.outcome.in_(WRITING)
    return db.scalar(select(func.count()).where(PeopleImportRow.import_id == import_id, ready)) or 0


def has_ended(db: Session, wish: PeopleImport) -> bool:
    job = jobs.latest(db, subject(wish.id))
    return job is None or job.state in jobs.FINISHED


def order(db: Session, wish: PeopleImport) -> None:
    """Enqueue the job that does what the stage says."""
    jobs.enqueue(db, PEOPLE.job, subject=subject(wish.id), owner=wish.account_id, import_id=wish.id)


def subject(import_id: int) -> str:
    return f"people_import:{import_id}"
