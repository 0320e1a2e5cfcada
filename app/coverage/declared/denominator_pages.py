"""Denominators: which are there, which are missing and from whom; entering one, or many from a list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.table_files import download
from app.core.templating import format_date, format_number
from app.core.text import nfc
from app.core.typed_lists import LinesWrong
from app.core.web import Config, Databases, Db, Files, Me, Response, RowId, having, redirect, render
from app.coverage.declared.declaring import Declaration, declare_denominator, prove
from app.coverage.declared.denominator_list import (
    COLUMNS,
    MOST_LINES,
    declare_lines,
    lines_of_file,
    template,
)
from app.coverage.declared.denominators import (
    Asked,
    Entry,
    PlaceRow,
    PopulationRow,
    entries,
    how_words,
    place_rows,
    population_rows,
)  # fmt: skip
from app.coverage.declared.models import FigureDocument
from app.coverage.indicators.plan_data import Population, populations
from app.media.documents import ENDINGS, MOST_BYTES, Document, check_document, keep_document, read_document

router = APIRouter()

Manager = Annotated[Actor, having("coverage.manage")]
_SHOWN = 20


class FigureForm(StrippedForm):
    """One denominator as typed."""

    value: str = ""
    unit: str = ""
    as_of: str = ""
    source: str = ""
    corrects: str = ""


@dataclass(frozen=True)
class Moment:
    """What the reader asked to see: figures of a day, as known at the end of another; both as typed."""

    asked: Asked
    on: str
    known: str

    @property
    def query(self) -> str:
        return f"?on={self.on}&known={self.known}" if self.on or self.known else ""


@dataclass(frozen=True)
class DenominatorsPage:
    moment: Moment
    rows: list[PopulationRow]

    @property
    def missing(self) -> list[PopulationRow]:
        return [row for row in self.rows if row.missing_since]


@dataclass(frozen=True)
class DenominatorPage:
    population: Population
    moment: Moment
    rows: list[PlaceRow]
    entries: list[Entry]
    form: FigureForm
    errors: dict[str, str]

    @property
    def missing(self) -> list[PlaceRow]:
        return [row for row in self.rows if row.declared is None]

    @property
    def corrections(self) -> list[tuple[str, str]]:
        """Earlier entries one may put right, as options of a select."""
        return [
            (str(one.declared.id),
             f"{format_number(one.declared.value)} · {one.unit_name} · {format_date(one.declared.as_of)}")
            for one in self.entries
            if not one.replaced
        ]  # fmt: skip


@dataclass(frozen=True)
class ListPage:
    lines: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    problem_count: int = 0
    columns: tuple[str, ...] = COLUMNS
    most: int = MOST_LINES


@router.get("/denominators")
def denominators(request: Request, actor: Me, db: Db, config: Config, on: str = "", known: str = "") -> Response:
    moment = _moment(config.province_code, on, known)
    page = DenominatorsPage(moment, population_rows(db, moment.asked))
    return render(request, "coverage/denominators.html", page=page, how_words=how_words)


@router.get("/denominators/list")
def blank_list(request: Request, actor: Manager) -> Response:
    return render(request, "coverage/denominator_list.html", page=ListPage(), populations=populations())


@router.post("/denominators/list")
def declare_list(
    request: Request, actor: Manager, databases: Databases, files: Files,
    file: Annotated[UploadFile | None, File()] = None, lines: Annotated[str, Form(max_length=1_000_000)] = "",
    paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """All lines are written or none; what is wrong comes back with the lines as they are."""
    errors: dict[str, str] = {}
    problems: Sequence[str] = ()
    document = _paper(paper, errors)
    try:
        if file is not None and file.filename:
            lines = lines_of_file(file.file.read(MOST_BYTES), file.filename)
        if not errors:
            key = keep_document(files, document) if document else ""
            with databases.writing() as db:
                figures = declare_lines(db, actor, lines)
                if document:
                    prove(db, figures, document, key)
            count = len(figures)
            said = ngettext("Đã ghi %(n)s mẫu số.", "Đã ghi %(n)s mẫu số.", count, n=count)
            return redirect(request, "/denominators", flash=("ok", said))
    except LinesWrong as error:
        problems = error.problems
    except Invalid as error:
        errors["lines"] = error.message
    page = ListPage(lines, errors, problems[:_SHOWN], len(problems))
    return render(request, "coverage/denominator_list.html", status=422, page=page, populations=populations())


@router.get("/denominators/papers/{figure_id}")
def paper(actor: Manager, db: Db, files: Files, figure_id: RowId) -> Response:
    """The paper a figure was taken from, to save."""
    found = db.get(FigureDocument, figure_id)
    if found is None:
        raise NotFound(_("Con số này không kèm văn bản."))
    name = f"nguon-so-lieu-{found.figure_id}.{ENDINGS[found.content_type]}"
    return attachment(read_document(files, found.storage_key), name, found.content_type)


@router.get("/denominators/{code}")
def denominator(
    request: Request, actor: Me, db: Db, config: Config, code: str, on: str = "", known: str = ""
) -> Response:
    moment = _moment(config.province_code, on, known)
    return _show(request, db, code, moment, FigureForm(unit=config.province_code), {})


@router.get("/denominators/{code}/template.xlsx")
def template_file(actor: Manager, db: Db, config: Config, code: str) -> Response:
    population = _population(code)
    table = template(db, population.code, Asked(config.province_code, clock.today()))
    return download(table, "xlsx", f"mau-so-{population.code.lower()}")


@router.post("/denominators/{code}")
def declare_one(
    request: Request, actor: Manager, databases: Databases, files: Files, config: Config, code: str,
    form: Annotated[FigureForm, Form()], paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Append one figure; what was typed wrongly comes back with a word at each field."""
    population = _population(code)
    errors: dict[str, str] = {}
    document = _paper(paper, errors)
    given = Declaration("denominator", form.value, form.unit, form.as_of, nfc(form.source)[:500], form.corrects)
    try:
        if errors:
            raise Invalid(fields=errors)
        # Before anybody has to wait for this one to finish writing.
        key = keep_document(files, document) if document else ""
        with databases.writing() as db:
            declared = declare_denominator(db, actor, population.code, given)
            if document:
                prove(db, [declared], document, key)
    except Invalid as error:
        with databases.reading() as db:
            moment = _moment(config.province_code, "", "")
            return _show(request, db, code, moment, form, dict(error.fields), status=422)
    flash = ("ok", _("Đã ghi mẫu số. Số cũ vẫn còn trong danh sách bên dưới."))
    return redirect(request, f"/denominators/{population.code}", flash=flash)


def _show(
    request: Request, db: Session, code: str, moment: Moment, form: FigureForm, errors: dict[str, str],
    status: int = 200,
) -> Response:  # fmt: skip
    population = _population(code)
    rows = place_rows(db, population.code, moment.asked)
    found = entries(db, population.code, moment.asked.known_at)
    page = DenominatorPage(population, moment, rows, found, form, errors)
    return render(request, "coverage/denominator.html", status=status, page=page, how_words=how_words)


def _population(code: str) -> Population:
    if code not in populations():
        raise NotFound(_("Không có mẫu số nào mang mã này."))
    return populations()[code]


def _moment(province_code: str, on: str, known: str) -> Moment:
    """Raises Invalid for what is no day."""
    day, known_on = _day(on) or clock.today(), _day(known)
    known_at = clock.end_of_day(known_on) if known_on else None
    return Moment(Asked(province_code, day, known_at), on and day.isoformat(), known_on.isoformat() if known_on else "")


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    day = clock.parse_day(text)
    if day is None:
        raise Invalid(not_a_day(text))
    return day


def _paper(file: UploadFile | None, errors: dict[str, str]) -> Document | None:
    if file is None or not file.filename:
        return None
    try:
        return check_document(file.file.read(MOST_BYTES + 1), file.filename)
    except Invalid as error:
        errors["paper"] = error.message
        return None
