"""Units a list names that cannot be told: asked once for all rows that say the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.storage import Storage
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import check_again, opened_report
from app.identity.imports.stages import mendable, order
from app.identity.lists.office_choices import answers_for, keep_answers
from app.identity.lists.people_report import UnitQuestion
from app.identity.lists.sheet_imports import ImportSummary, summary_of
from app.identity.models import PeopleImport

_SHOWN = 50


@dataclass(frozen=True)
class AskedUnit:
    """A question, in how many rows it stands, and the first of them."""

    question: UnitQuestion
    count: int
    sheet: str
    row: int


@dataclass(frozen=True)
class UnitQuestions:
    """The questions of a list, those of most rows first; `more` are asked once these are answered."""

    summary: ImportSummary
    asked: list[AskedUnit]
    more: int


def unit_questions(db: Session, actor: Actor, import_id: int) -> UnitQuestions:
    """Raises NotFound for a list of somebody else, Conflict for one that cannot be mended now."""
    wish = mendable(db, actor, import_id, lock=False)
    rows = db.scalars(select(PeopleImportRow.report).where(_is_about_unit(wish)).order_by(PeopleImportRow.position))
    reports = [report for report in map(opened_report, filter(None, rows)) if report.question]
    counts = Counter(report.question.key for report in reports if report.question)
    first = {report.question.key: report for report in reversed(reports) if report.question}
    asked = [
        AskedUnit(question, count, first[key].sheet, first[key].row)
        for key, count in counts.most_common(_SHOWN)
        if (question := first[key].question)
    ]
    return UnitQuestions(summary_of(wish, failed=False), asked, len(counts) - len(asked))


def answer_units(
    db: Session, storage: Storage, actor: Actor, import_id: int, answers: Mapping[str, str]
) -> PeopleImport:
    """Keep codes of units by key of the question and have all rows checked again whose unit cannot be told.

    Raises NotFound and Conflict as `unit_questions`.
    """
    wish = mendable(db, actor, import_id)
    keep_answers(storage, wish.source_key, answers_for(storage, wish.source_key) | dict(answers))
    check_again(db, select(PeopleImportRow.id).where(_is_about_unit(wish)))
    wish.stage = "checking"
    order(db, wish)
    return wish


def _is_about_unit(wish: PeopleImport) -> ColumnElement[bool]:
    return (PeopleImportRow.import_id == wish.id) & (PeopleImportRow.problem == "unit")
