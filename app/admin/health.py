"""Whether this process lives (`/healthz`) and can serve (`/readyz`): for load balancers and operators."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from app import __version__
from app.core import clock
from app.core.audit_seals import unsealed_before
from app.core.db import Database
from app.core.errors import StorageFull
from app.core.i18n import gettext as _
from app.core.jobs import Job
from app.core.settings import ROOT
from app.core.storage import Storage, StorageUnreachable
from app.core.templating import format_datetime, format_filesize, format_number
from app.core.web import Databases, Files
from app.coverage.models import CoveragePending, CoverageUnsettled
from app.coverage.programmes.models import ProgrammeCount
from app.coverage.verify.models import LedgerComparison
from app.notices.models import NoticeDelivery

router = APIRouter()

_LOW_DISK_BYTES = 1024**3
_STUCK = timedelta(minutes=15)
_LATELY = timedelta(days=7)
_UNSEALED = timedelta(days=1)
_COMPARED = timedelta(days=2)
# Some minutes of a busy day; more, and the job that moves them does not run.
_MANY_UNSETTLED = 20_000


@dataclass(frozen=True)
class Check:
    """One thing an operator should know; `ok` False means something to do, said in `text`."""

    name: str
    ok: bool
    text: str


@router.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return JSONResponse({"status": "ok", "version": __version__})


@router.get("/readyz")
def readyz(database: Databases, storage: Files) -> Response:
    """Database reachable at the newest schema and storage writable, else 503.

    Little room is for the operator to see, not for the load balancer: a server that can only show pages still should.
    """
    checks = essential_checks(database, storage)
    ready = all(check.ok for check in checks)
    body = {"status": "ready" if ready else "not ready", "checks": {check.name: check.ok for check in checks}}
    return JSONResponse(body, 200 if ready else 503)


def essential_checks(database: Database, storage: Storage) -> list[Check]:
    return [_schema(database), _files(storage)]


def work_checks(db: Session, storage: Storage) -> list[Check]:
    """Room, the queue and the figures that wait: nothing that stops serving, all that an operator must see."""
    late = db.scalar(select(func.count()).where(Job.state == "queued", Job.run_at < clock.now() - _STUCK)) or 0
    # Older ones stay in the list of jobs: a video nobody can repair must not keep the light red for ever.
    lately = Job.finished_at > clock.now() - _LATELY
    failed = db.scalar(select(func.count()).where(Job.state == "failed", lately)) or 0
    pending = db.scalar(select(func.count()).select_from(CoveragePending)) or 0
    refused = (NoticeDelivery.state == "failed", NoticeDelivery.settled_at > clock.now() - _LATELY)
    unsent = db.scalar(select(func.count()).where(*refused)) or 0
    unsealed = unsealed_before(db, clock.now() - _UNSEALED)
    return [
        *_room(storage),
        _none_of("queue", late, _("không việc nào chờ lâu"), _("%(n)s việc chờ quá 15 phút", n=format_number(late))),
        _none_of(
            "failed", failed, _("7 ngày qua không việc nào hỏng"),
            _("%(n)s việc không làm được trong 7 ngày qua", n=format_number(failed)),
        ),
        _none_of(
            "coverage", pending, _("mọi người đã được tính"),
            _("%(n)s người chưa tính xong vào chỉ tiêu", n=format_number(pending)),
        ),
        _ledger(db),
        _balances(db),
        _programmes(db),
        _none_of(
            "mail", unsent, _("7 ngày qua không thư nào bị từ chối"),
            _("%(n)s thư không gửi được trong 7 ngày qua", n=format_number(unsent)),
        ),
        _none_of(
            "audit", unsealed, _("được niêm phong đều"),
            _("%(n)s mục chưa niêm phong sau một ngày: việc nền không chạy", n=format_number(unsealed)),
        ),
    ]  # fmt: skip


def titles() -> dict[str, str]:
    """What each check is called."""
    return {
        "database": _("Cơ sở dữ liệu"), "storage": _("Nơi giữ tệp"), "room": _("Chỗ trống"), "queue": _("Hàng chờ"),
        "failed": _("Việc nền hỏng"), "coverage": _("Chỉ tiêu"),
        "ledger": _("Đối chiếu chỉ tiêu"), "balances": _("Số dư chỉ tiêu"), "programmes": _("Nhiệm vụ đào tạo"),
        "mail": _("Thư đi"), "audit": _("Nhật ký quản trị"),
    }  # fmt: skip


def _ledger(db: Session) -> Check:
    """When the figures were last compared with the facts; what differed stays in sight for a week."""
    expected = LedgerComparison.cause == "change"
    newest_first = select(LedgerComparison).where(~expected).order_by(LedgerComparison.ended_at.desc()).limit(1)
    last = db.scalars(newest_first).first()
    if last is None:
        return Check("ledger", True, _("chưa đối chiếu lần nào: việc ấy chạy lúc 2 giờ đêm"))
    differed = (LedgerComparison.differing_count > 0) | (LedgerComparison.balance_count > 0)
    wrong = db.scalars(newest_first.where(differed, LedgerComparison.ended_at > clock.now() - _LATELY)).first()
    if wrong is not None:
        indicators = ", ".join(f"{code} {format_number(count)}" for code, count in wrong.entry_counts.items())
        text = _(
            "lần %(at)s thấy %(people)s người lệch, đã ghi bù bút toán: %(indicators)s",
            at=format_datetime(wrong.ended_at), people=format_number(wrong.differing_count), indicators=indicators,
        )  # fmt: skip
        if wrong.balance_count:
            text += _("; %(n)s số dư lệch, đã lập lại", n=format_number(wrong.balance_count))
        return Check("ledger", False, text)
    if last.ended_at < clock.now() - _COMPARED:
        text = _("lần cuối %(at)s: việc nền không chạy", at=format_datetime(last.ended_at))
        return Check("ledger", False, text)
    text = _(
        "lần cuối %(at)s: %(people)s người, không lệch", at=format_datetime(last.ended_at),
        people=format_number(last.people_count),
    )  # fmt: skip
    return Check("ledger", True, text)


def _balances(db: Session) -> Check:
    """Whether what pages add up for themselves stays small."""
    waiting = db.scalar(select(func.count()).select_from(CoverageUnsettled)) or 0
    said = _("%(n)s dòng chờ chuyển vào số dư", n=format_number(waiting))
    return _none_of("balances", waiting if waiting > _MANY_UNSETTLED else 0, said, said)


def _programmes(db: Session) -> Check:
    """Whether units counted twice at night came to the same; a year in which some did not is shown on no page."""
    counts = db.scalars(select(ProgrammeCount).where(ProgrammeCount.counted_at.is_not(None))).all()
    if not counts:
        return Check("programmes", True, _("chưa đếm sẵn: việc ấy chạy lúc 0 giờ 30, khi đã có nhiều người học"))
    at = format_datetime(max(one.counted_at for one in counts if one.counted_at))
    checked, wrong = sum(one.checked for one in counts), sum(one.differing for one in counts)
    if wrong:
        text = _(
            "lần %(at)s: %(n)s trên %(checked)s đơn vị đếm lại ra số khác, các năm ấy trang đếm trực tiếp",
            at=at, n=format_number(wrong), checked=format_number(checked),
        )  # fmt: skip
        return Check("programmes", False, text)
    text = _("lần %(at)s: %(checked)s đơn vị đếm lại, bằng nhau", at=at, checked=format_number(checked))
    return Check("programmes", True, text)


def _none_of(name: str, count: int, good: str, bad: str) -> Check:
    return Check(name, not count, bad if count else good)


def _schema(database: Database) -> Check:
    try:
        with database.reading() as db:
            found = MigrationContext.configure(db.connection()).get_current_revision()
    except SQLAlchemyError:
        return Check("database", False, _("không kết nối được cơ sở dữ liệu"))
    if found != _newest_schema():
        return Check("database", False, _("cơ sở dữ liệu chưa nâng cấp: chạy lệnh migrate"))
    return Check("database", True, _("phiên bản %(revision)s", revision=found))


@lru_cache(maxsize=1)
def _newest_schema() -> str | None:
    return ScriptDirectory.from_config(AlembicConfig(str(ROOT / "alembic.ini"))).get_current_head()


def _files(storage: Storage) -> Check:
    try:
        storage.check()
    except StorageUnreachable as error:
        return Check("storage", False, str(error.strerror))
    except (OSError, StorageFull):
        return Check("storage", False, _("không mở hoặc không ghi được nơi giữ tệp"))
    return Check("storage", True, _("đọc và ghi được"))


def _room(storage: Storage) -> list[Check]:
    """Nothing to say where room cannot be known, or the storage cannot be opened at all."""
    try:
        free = storage.free_bytes()
    except OSError:
        return []
    if free is None:
        return []
    size = format_filesize(free)
    if free < _LOW_DISK_BYTES:
        return [Check("room", False, _("nơi giữ tệp chỉ còn trống %(size)s", size=size))]
    return [Check("room", True, _("còn trống %(size)s", size=size))]
