"""Drafting, editing, refreshing, issuing and correcting reports."""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit, clock, ids
from app.core.access import Actor
from app.core.attachments import DOCX, PDF, XLSX
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.coverage.reports.as_docx import as_docx
from app.coverage.reports.body import still_to_write
from app.coverage.reports.filling import Wish, draft
from app.coverage.reports.frames import Report, Section, Signer, as_json, digest, from_json, with_figures
from app.coverage.reports.letterheads import letterhead_on
from app.coverage.reports.models import ReportDraft, ReportIssue, ReportScan
from app.coverage.reports.printing import as_pdf, as_xlsx
from app.identity.policy import is_within
from app.identity.units import unit_queries
from app.media.documents import Document, keep_document

MAKE = "reports.make"
_MOST_SYMBOL = 40
# Ending, type and maker of each paper.
PAPERS: Mapping[str, tuple[str, Callable[[Report], bytes]]] = {
    "docx": (DOCX, as_docx), "pdf": (PDF, as_pdf), "xlsx": (XLSX, as_xlsx),
}  # fmt: skip


def drafts_of(actor: Actor) -> ColumnElement[bool]:
    return ReportDraft.unit_id.in_(actor.units_with(MAKE))


def issues_of(actor: Actor) -> ColumnElement[bool]:
    return ReportIssue.unit_id.in_(actor.units_with(MAKE))


def find_draft(db: Session, actor: Actor, draft_id: int, *, to_change: bool = False) -> ReportDraft:
    """Raises NotFound for one of a unit outside of the actor's care."""
    query = select(ReportDraft).where(ReportDraft.id == draft_id, drafts_of(actor))
    found = db.scalar(query.with_for_update() if to_change else query)
    if found is None:
        raise NotFound
    return found


def find_issue(db: Session, actor: Actor, issue_id: int) -> ReportIssue:
    """Raises NotFound for one of a unit outside of the actor's care."""
    found = db.scalar(select(ReportIssue).where(ReportIssue.id == issue_id, issues_of(actor)))
    if found is None:
        raise NotFound
    return found


def begin(
    db: Session, actor: Actor, province_code: str, wish: Wish, replaces: ReportIssue | None = None
) -> ReportDraft:  # fmt: skip
    """Draft what is wished; raises Invalid and NotFound as `draft` does, Forbidden for a unit of somebody else."""
    report = draft(db, province_code, wish)
    unit = unit_queries.unit_on(db, report.basis.unit_code, report.basis.map_on)
    if unit is None or not is_within(db, actor, {unit.unit_id}, MAKE):
        raise Forbidden(_("Anh/chị chỉ lập được báo cáo của đơn vị mình phụ trách."))
    if replaces:
        report = replace(report, replaces=replaces.numbered)
    return keep(db, unit.unit_id, wish, report, account_id=actor.account_id, replaces_id=replaces and replaces.id)


def keep(db: Session, unit_id: int, wish: Wish, report: Report, **more: Any) -> ReportDraft:
    """A new draft of a report that was just read."""
    text, now = as_json(report), clock.now()
    made = ReportDraft(
        unit_id=unit_id, period=wish.period, wish=wish.as_json(), content=text, drafted=text, created_at=now,
        changed_at=now, **more,
    )  # fmt: skip
    db.add(made)
    db.flush()
    return made


def edit(db: Session, found: ReportDraft, words: Mapping[str, str], revision: int) -> bool:
    """Put the words of the form in place of the old; False, and nothing is changed, if they are of an older state."""
    if revision != found.revision:
        return False
    _save(found, edited(from_json(found.content), words))
    db.flush()
    return True


def edited(report: Report, words: Mapping[str, str]) -> Report:
    """The report with the words of the form; a line of a text field is a paragraph, what the form lacks stays."""
    signer, symbol = report.signer, words.get("symbol", "").strip()[:_MOST_SYMBOL]
    return replace(
        report,
        subject=words.get("subject") or report.subject, addressee=words.get("addressee", report.addressee),
        bases=_lines(words["bases"]) if "bases" in words else report.bases,
        recipients=_lines(words["recipients"]) if "recipients" in words else report.recipients,
        letterhead=replace(report.letterhead, symbol=symbol or report.letterhead.symbol),
        sections=tuple(
            Section(one.heading, _lines(words[f"section{at}"])) if f"section{at}" in words else one
            for at, one in enumerate(report.sections)
        ),
        signer=Signer(
            words.get("authority", signer.authority), words.get("signer_title", signer.title),
            words.get("signer_name", signer.name),
        ),
    )  # fmt: skip


def take_words(found: ReportDraft, old: ReportIssue) -> None:
    """The words of the report it will replace, with its own figures; parts with figures are to be looked through."""
    report, words = from_json(found.content), from_json(old.content)
    report = replace(
        report, subject=words.subject, addressee=words.addressee, bases=words.bases, sections=words.sections,
        signer=words.signer, recipients=words.recipients,
        letterhead=replace(report.letterhead, symbol=words.letterhead.symbol),
    )  # fmt: skip
    _save(found, report)


def refresh(db: Session, province_code: str, found: ReportDraft) -> list[str]:
    """Read the figures anew. Parts nobody has edited are written anew; returns the headings of those left as edited."""
    fresh = draft(db, province_code, Wish.of(found.wish))
    now, before = from_json(found.content), from_json(found.drafted)
    sections, kept = [], []
    for mine, drafted, new in zip(now.sections, before.sections, fresh.sections, strict=True):
        if mine != drafted:
            kept.append(mine.heading)
        sections.append(new if mine == drafted else mine)
    found.drafted = as_json(fresh)
    _save(found, replace(with_figures(now, fresh), sections=tuple(sections)))
    db.flush()
    return kept


def next_number(db: Session, unit_id: int, symbol: str, year: int) -> int:
    """Numbers begin anew each January."""
    query = select(func.max(ReportIssue.number)).where(
        ReportIssue.unit_id == unit_id, ReportIssue.symbol == symbol, ReportIssue.year == year
    )
    return (db.scalar(query) or 0) + 1


def issue(
    db: Session, files: Storage, actor: Actor, found: ReportDraft, number: int, dated_on: date
) -> ReportIssue:  # fmt: skip
    """Freeze the draft under its number and date, with the letterhead of that day, and make its papers.

    Raises Invalid with a message per field.
    """
    report, errors = from_json(found.content), {}
    unit = unit_queries.unit_by_id(db, found.unit_id, dated_on)
    if unit is None:
        raise NotFound
    if dated_on > clock.today() or dated_on < report.basis.as_of:
        errors["dated_on"] = _("Ngày của báo cáo từ ngày chốt số liệu đến hôm nay.")
    if waiting := still_to_write(report.sections):
        errors["number"] = _("Còn phần chưa viết xong: %(parts)s", parts="; ".join(waiting))
    if not report.signer.title or not report.signer.name:
        errors["dated_on"] = _("Hãy ghi chức vụ và họ tên người ký, rồi lưu dự thảo.")
    if errors:
        raise Invalid(fields=errors)
    symbol = report.letterhead.symbol
    numbered = f"{number:02d}/{symbol}"
    letterhead = replace(letterhead_on(db, unit, dated_on), symbol=symbol)
    report = replace(report, number=numbered, dated_on=dated_on, letterhead=letterhead)
    text = as_json(report)
    made = ReportIssue(
        unit_id=found.unit_id, symbol=symbol, year=dated_on.year, number=number, dated_on=dated_on,
        subject=report.subject, period=found.period, wish=found.wish, content=text, sha256=digest(text),
        files={kind: _stored(files, maker(report), kind) for kind, (_type, maker) in PAPERS.items()},
        issued_at=clock.now(), account_id=actor.account_id, replaces_id=found.replaces_id,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except IntegrityError:
        raise Invalid(fields={"number": _("Số %(number)s đã dùng trong năm này.", number=numbered)}) from None
    db.delete(found)
    audit.record(db, "report.issue", "report_issue", made.id, account_id=actor.account_id, sha256=made.sha256)
    db.flush()
    return made


def add_scan(db: Session, files: Storage, actor: Actor, issued: ReportIssue, document: Document) -> ReportScan:
    """The signed paper; the same file again is the one that is there."""
    same = select(ReportScan).where(ReportScan.issue_id == issued.id, ReportScan.sha256 == document.sha256)
    if there := db.scalar(same):
        return there
    scan = ReportScan(
        issue_id=issued.id, file_name=document.file_name, content_type=document.content_type, sha256=document.sha256,
        storage_key=keep_document(files, document), added_at=clock.now(), account_id=actor.account_id,
    )  # fmt: skip
    db.add(scan)
    db.flush()
    audit.record(db, "report.scan", "report_issue", issued.id, account_id=actor.account_id, sha256=scan.sha256)
    return scan


def _save(found: ReportDraft, report: Report) -> None:
    found.content, found.changed_at = as_json(report), clock.now()
    found.revision += 1


def _stored(files: Storage, content: bytes, kind: str) -> dict[str, str]:
    key = f"reports/{ids.token()}.{kind}"
    files.put(key, io.BytesIO(content))
    return {"key": key, "sha256": hashlib.sha256(content).hexdigest()}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
