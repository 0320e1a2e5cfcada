"""The versions of an indicator: when each holds, who recorded it, and what it changed, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.coverage.counting import wording
from app.coverage.indicators.definition_form import (
    DENOMINATORS,
    MEASURES,
    RECURRENCES,
    UNIT_KINDS,
    WAYS,
    Choices,
    choices_for,
)
from app.coverage.indicators.definitions import FIGURE_SOURCES, Definition, definitions, in_year
from app.coverage.indicators.plan_data import populations
from app.coverage.models import IndicatorVersion
from app.identity.models import Account, Person


@dataclass(frozen=True)
class Change:
    """One thing that is counted otherwise; words, "" for nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionRow:
    """`by` "" for what came with the plan; `is_in_force` this year."""

    definition: Definition
    recorded_at: datetime
    by: str
    reason: str
    is_in_force: bool
    changes: tuple[Change, ...]


def versions_of(db: Session, code: str, year: int) -> list[VersionRow]:
    """Newest first."""
    found = definitions(db, code)
    in_force = {one.version_id for one in in_year(found, year)}
    acts = {
        version_id: (recorded_at, name or "", reason)
        for version_id, recorded_at, reason, name in db.execute(
            select(IndicatorVersion.id, IndicatorVersion.recorded_at, IndicatorVersion.reason, Person.name)
            .outerjoin(Account, Account.id == IndicatorVersion.account_id)
            .outerjoin(Person, Person.id == Account.person_id)
            .where(IndicatorVersion.indicator_code == code)
        )
    }
    choices = choices_for(db) if len(found) > 1 else None
    rows = []
    for before, one in zip([None, *found], found, strict=False):
        changes = changes_between(before, one, choices) if before and choices else ()
        rows.append(VersionRow(one, *acts[one.version_id], one.version_id in in_force, tuple(changes)))
    return rows[::-1]


def changes_between(before: Definition, after: Definition, choices: Choices) -> list[Change]:
    """What differs, in the order of the form."""
    pairs = zip(in_words(before, choices), in_words(after, choices), strict=True)
    return [Change(what, old, new) for (what, old), (_what, new) in pairs if old != new]


def in_words(one: Definition, choices: Choices) -> list[tuple[str, str]]:
    """All that decides the figure: what it is called, and what was chosen."""
    audiences, programmes, tags = dict(choices.audiences), dict(choices.programmes), dict(choices.tags)
    population = populations().get(one.population or "")
    goals = (f"{goal.year}: {wording.target_words(one, goal)}" for goal in one.targets)
    tasks = (f"{code} {programmes.get(code, '')}".strip() for code in sorted(one.programmes))
    kinds = (str(UNIT_KINDS[kind]) for kind in sorted(one.unit_kinds))
    years = _("từ năm %(first)s", first=one.first_year)
    if one.last_year:
        years = _("từ năm %(first)s đến hết năm %(last)s", first=one.first_year, last=one.last_year)
    scope = _("tất cả đơn vị")
    if one.former_province:
        scope = _("gốc từ tỉnh cũ mang mã %(code)s", code=one.former_province)
    return [
        (_("Số lấy từ đâu"), str(FIGURE_SOURCES[one.figure_source])),
        (_("Đếm gì"), _joined([str(MEASURES[one.measure]), *kinds])),
        (_("Phạm vi"), scope),
        (_("Ai thuộc diện"), _joined(audiences.get(code, code) for code in sorted(one.audiences)) or _("mọi người")),
        (_("Nhãn của khóa được tính"), _joined(tags.get(code, code) for code in sorted(one.tags))),
        (_("Nhiệm vụ được tính"), _joined(tasks)),
        (_("Khóa học được tính"), _joined(sorted(one.courses))),
        (_("Hình thức được tính"), _joined(str(words) for code, words in WAYS.items() if code in one.how)),
        (_("Tính theo kỳ nào"), str(RECURRENCES[one.recurrence])),
        (_("Mẫu số"), population.name if population else str(DENOMINATORS[one.denominator])),
        (_("Mục tiêu"), _joined(goals) or _("không đặt")),
        (_("Chỉ đo được một phần"), _("đúng") if one.is_partial else _("không")),
        (_("Áp dụng"), years),
    ]


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)
