"""Background work on many certificates: the register as a file, many papers in one PDF, issuing a batch anew."""

import tempfile
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates import pdf, service
from app.certificates.keys import paper_key
from app.certificates.models import Certificate, CertificateFile
from app.certificates.papers import sheet_of
from app.certificates.register import MANAGE, Choice, Line, chosen, erased, filters_of, lines
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.paper import typeset
from app.core.settings import get_settings
from app.core.tables import Cell, Column, write_xlsx
from app.core.templating import format_date
from app.identity.sign_in import accounts

KEPT = timedelta(days=7)
MOST_PAPERS = 1000
_AT_ONCE = 20
# Title, kind and share of the width, as registers of certificates have them.
_COLUMNS = (
    Column("STT", "int", 6), Column("Số", width=24), Column("Họ và tên", width=26), Column("Ngày sinh", width=13),
    Column("Đơn vị", width=36), Column("Khóa học", width=40), Column("Ngày hoàn thành", "date", 15),
    Column("Ngày cấp", "date", 13), Column("Người ký", width=24), Column("Ghi chú", width=30),
)  # fmt: skip


def make_file(context: JobContext, file_id: int) -> Mapping[str, Any]:
    """Write the register or the papers a CertificateFile asks for; doing it twice writes the same name again."""
    with context.database.reading() as db:
        wish, actor = _wish(db, file_id)
        if wish.storage_key:
            return {"count": wish.count}
        choice = filters_of(wish.filters)
        made = wish.created_at
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file.{wish.format}"
            if wish.what == "papers":
                count = _write_papers(context, db, actor, choice, path)
            else:
                count = _write_register(db, actor, choice, path, f"Lập ngày {format_date(made)}")
            size, key = path.stat().st_size, f"certificates/files/{file_id}.{wish.format}"
            context.storage.put_file(key, path)
    with context.database.writing() as db:
        wish = db.get_one(CertificateFile, file_id)
        wish.count, wish.size, wish.storage_key = count, size, key
    return {"count": count}


def reissue(context: JobContext, file_id: int) -> Mapping[str, Any]:
    """Replace every certificate of a choice that held when it was asked for; those done before are passed over."""
    with context.database.reading() as db:
        wish, actor = _wish(db, file_id)
        actor.require(MANAGE)
        reason, account_id = wish.reason, wish.account_id
        query = chosen(db, actor, filters_of({**wish.filters, "state": "valid"}))
        ids = db.scalars(
            query.with_only_columns(Certificate.id).where(Certificate.recorded_at <= wish.created_at, ~erased())
        ).all()
    for start in range(0, len(ids), _AT_ONCE):
        context.progress(start / len(ids), _("Đã cấp lại %(done)s/%(all)s giấy", done=start, all=len(ids)))
        with context.database.writing() as db:
            for certificate in db.scalars(select(Certificate).where(Certificate.id.in_(ids[start : start + _AT_ONCE]))):
                if certificate.state == "valid":
                    service.replace(db, certificate, "reissue", reason, account_id)
            wish = db.get_one(CertificateFile, file_id)
            wish.count = (wish.count or 0) + len(ids[start : start + _AT_ONCE])
    return {"count": len(ids)}


def forget_files(context: JobContext) -> Mapping[str, Any]:
    """Files of people's data are not kept for longer than a week; the line of who asked for what stays."""
    with context.database.reading() as db:
        old = select(CertificateFile.id, CertificateFile.storage_key).where(
            CertificateFile.storage_key.is_not(None), CertificateFile.created_at < clock.now() - KEPT
        )
        forgotten = db.execute(old).all()
    for file_id, key in forgotten:
        context.storage.delete(str(key))
        with context.database.writing() as db:
            db.get_one(CertificateFile, file_id).storage_key = None
    return {"forgotten": len(forgotten)}


def _wish(db: Session, file_id: int) -> tuple[CertificateFile, Actor]:
    """What was asked for, and who asked: what they may see is judged now, not when the button was pressed."""
    wish = db.get(CertificateFile, file_id)
    actor = accounts.actor_of(db, wish.account_id) if wish else None
    if wish is None or actor is None:
        raise NotFound
    return wish, actor


def _write_papers(context: JobContext, db: Session, actor: Actor, choice: Choice, path: Path) -> int:
    """Papers that hold, for the printer: a print carries no digital signature, so none is made."""
    key = paper_key()
    query = chosen(db, actor, Choice(**(vars(choice) | {"state": "valid"}))).where(~erased()).limit(MOST_PAPERS)
    sheets = [sheet_of(db, context.storage, certificate, key) for certificate in db.scalars(query)]
    if not sheets:
        raise NotFound(_("Không có giấy còn hiệu lực nào trong danh sách này."))
    path.write_bytes(pdf.render(sheets, get_settings().public_url))
    return len(sheets)


def _write_register(db: Session, actor: Actor, choice: Choice, path: Path, about: str) -> int:
    rows = (_row(number, line) for number, line in enumerate(lines(db, actor, chosen(db, actor, choice)), start=1))
    title = "Sổ cấp giấy chứng nhận"
    if path.suffix == ".xlsx":
        return write_xlsx(path, title, _COLUMNS, rows, notes=(f"{title}. {about}",))
    listed = list(rows)
    path.write_bytes(_register_pdf(title, about, listed))
    return len(listed)


def _row(number: int, line: Line) -> list[Cell]:
    return [
        number, line.number, line.holder_name, line.born, line.unit_name, line.course_title, line.completed_on,
        line.issued_on, line.signer, line.remark,
    ]  # fmt: skip


def _register_pdf(title: str, about: str, rows: Iterable[list[Cell]]) -> bytes:
    today = clock.today()
    said = {
        "title": title, "about": about, "author": "Học Số",
        "date": {"year": today.year, "month": today.month, "day": today.day},
        "columns": [column.title for column in _COLUMNS], "widths": [column.width for column in _COLUMNS],
        "lines": [[format_date(cell) if isinstance(cell, date) else str(cell) for cell in row] for row in rows],
    }  # fmt: skip
    return typeset(Path(__file__).with_name("register.typ"), said)


JOBS: dict[str, JobFunction] = {
    "certificates.make_file": make_file,
    "certificates.reissue": reissue,
    "certificates.forget_files": forget_files,
}
