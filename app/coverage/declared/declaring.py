"""Entering a figure somebody answers for: checked, appended, never changed; a correction names what it replaces."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.text import whole
from app.coverage.declared.models import FigureDocument
from app.coverage.indicators.definitions import Definition
from app.coverage.indicators.plan_data import populations
from app.coverage.models import DeclaredFigure
from app.identity.units import unit_queries
from app.media.documents import Document

_MOST = 1_000_000_000
_WHOLE = re.compile(r"\d{1,3}(?:[. ]\d{3})+|\d+", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Declaration:
    """What was typed. `what` is result or denominator; `corrects` the id of the entry it replaces, or ""."""

    what: str
    value: str
    unit: str
    as_of: str
    source: str
    corrects: str = ""


def choices_of(definition: Definition) -> list[str]:
    """What can be declared for an indicator; nothing for one that is computed over a roster or not measured."""
    may = []
    if definition.is_declared:
        may.append("result")
    if definition.denominator == "declared":
        may.append("denominator")
    return may


def declare(db: Session, actor: Actor, definition: Definition, given: Declaration) -> DeclaredFigure:
    """Append the figure; raises Invalid with a message per field. Only for units in the actor's `coverage.manage`."""
    errors: dict[str, str] = {}
    if given.what not in choices_of(definition):
        errors["what"] = _("Hãy chọn một trong các loại số có thể khai báo.")
    subject = definition.code if given.what == "result" else definition.population or ""
    return _append(db, actor, reach_of(db, actor), subject, definition, given, errors)


def declare_denominator(
    db: Session, actor: Actor, population: str, given: Declaration, reach: Collection[int] | None = None
) -> DeclaredFigure:
    """The same for a population by its code, whether an indicator divides by it or not; `reach`: reach_of, if known."""
    errors = {} if population in populations() else {"what": _("Không có mẫu số nào mang mã này.")}
    return _append(db, actor, reach_of(db, actor) if reach is None else reach, population, None, given, errors)


def reach_of(db: Session, actor: Actor) -> set[int]:
    """The units one may declare for."""
    return set(db.scalars(actor.units_with("coverage.manage")))


def prove(db: Session, figures: Sequence[DeclaredFigure], document: Document, key: str) -> None:
    """Name the stored paper (documents.keep_document) as the source of these figures."""
    db.add_all(
        FigureDocument(
            figure_id=one.id, file_name=document.file_name, content_type=document.content_type,
            sha256=document.sha256, storage_key=key,
        )
        for one in figures
    )  # fmt: skip


def _append(
    db: Session, actor: Actor, reach: Collection[int], subject: str, definition: Definition | None,
    given: Declaration, errors: dict[str, str],
) -> DeclaredFigure:  # fmt: skip
    value = _value(definition, given, errors)
    as_of = _day(given.as_of, errors)
    unit_id = _unit(db, reach, given.unit, as_of, errors) if as_of else None
    if len(given.source) < 5:
        errors["source"] = _("Hãy ghi văn bản hoặc nguồn của con số, ví dụ: Báo cáo số 05/BC-SGDĐT ngày 10/01/2026.")
    corrects_id = _corrected(db, subject, unit_id, given.corrects, errors) if not errors else None
    if errors or value is None or as_of is None or unit_id is None:
        raise Invalid(fields=errors)
    return append_figure(db, actor, subject, unit_id, as_of, value, given.source, corrects_id)


def append_figure(
    db: Session, actor: Actor, subject: str, unit_id: int, as_of: date, value: float, source: str,
    corrects_id: int | None = None,
) -> DeclaredFigure:  # fmt: skip
    """Append a figure that was checked; `corrects_id` names the one it replaces."""
    declared = DeclaredFigure(
        subject=subject, unit_id=unit_id, as_of=as_of, value=value, source=source, recorded_at=clock.now(),
        account_id=actor.account_id, corrects_id=corrects_id,
    )  # fmt: skip
    db.add(declared)
    db.flush()
    audit.record(
        db, "coverage.declare", "declared_figure", declared.id, account_id=actor.account_id, subject=subject,
        corrects=corrects_id,
    )  # fmt: skip
    return declared


def kind_of(definition: Definition | None) -> str:
    """What one types: yes_no, percent, count; denominator for None."""
    if definition is None:
        return "denominator"
    if definition.target_unit == "yes_no":
        return "yes_no"
    return "percent" if definition.is_declared_in_percent else "count"


def value_of(text: str, kind: str) -> float:
    """What was typed as a number; raises Invalid that says what to type. Kinds as in `kind_of`."""
    text = text.strip().removesuffix("%").strip()
    if kind == "yes_no":
        if text in ("0", "1"):
            return float(text)
        raise Invalid(_("Hãy ghi 1 nếu đã có, 0 nếu chưa."))
    if kind == "percent":
        percent = float(text.replace(",", ".")) if _PERCENT.fullmatch(text) else None
        if percent is not None and percent <= 100:
            return percent
        raise Invalid(_("Hãy ghi tỷ lệ phần trăm từ 0 đến 100, nhiều nhất hai chữ số sau dấu phẩy, ví dụ 72,5."))
    number = int(re.sub("[. ]", "", text)) if _WHOLE.fullmatch(text) else None
    if number is not None and number <= _MOST and (number or kind == "count"):
        return float(number)
    raise Invalid(_("Hãy ghi một số nguyên không âm, ví dụ 986.800. Mẫu số phải lớn hơn 0."))


def _value(definition: Definition | None, given: Declaration, errors: dict[str, str]) -> float | None:
    try:
        return value_of(given.value, kind_of(definition if given.what == "result" else None))
    except Invalid as error:
        errors["value"] = error.message
        return None


def _day(text: str, errors: dict[str, str]) -> date | None:
    day = clock.parse_day(text)
    if day is None:
        errors["as_of"] = _("Hãy ghi ngày của con số, ví dụ 31/12/2025.")
    elif day > clock.today():
        errors["as_of"] = _("Ngày của con số không thể sau ngày hôm nay.")
        return None
    return day


def _unit(db: Session, reach: Collection[int], code: str, as_of: date, errors: dict[str, str]) -> int | None:
    unit = unit_queries.unit_on(db, code, as_of)
    if unit is None:
        errors["unit"] = _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(as_of), code=code)
        return None
    if unit.unit_id not in reach:
        errors["unit"] = _("Đơn vị này không thuộc phạm vi anh/chị được khai báo.")
        return None
    return unit.unit_id


def _corrected(db: Session, subject: str, unit_id: int | None, text: str, errors: dict[str, str]) -> int | None:
    """The entry to be replaced: of the same subject and unit, and not replaced yet."""
    if not text:
        return None
    known = db.scalar(
        select(DeclaredFigure.id).where(
            DeclaredFigure.id == whole(text),
            DeclaredFigure.subject == subject,
            DeclaredFigure.unit_id == unit_id,
        )
    )
    replaced = known and db.scalar(select(DeclaredFigure.id).where(DeclaredFigure.corrects_id == known))
    if known is None or replaced:
        errors["corrects"] = _("Chỉ đính chính được số đang có của cùng đơn vị, cùng loại, chưa bị đính chính.")
    return known
