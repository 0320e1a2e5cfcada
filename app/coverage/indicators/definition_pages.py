"""How one indicator is counted, everything declared for it, and the form to declare a figure."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.models import Programme
from app.core import clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.templating import format_date, format_number
from app.core.text import nfc, whole
from app.core.web import Config, Db, Me, having, redirect, render
from app.coverage.counting import wording
from app.coverage.declared.declaring import Declaration, choices_of, declare
from app.coverage.declared.figures_in_force import Declared, history
from app.coverage.indicators.defining import drafts_of
from app.coverage.indicators.definition_form import UNIT_KINDS, WAYS
from app.coverage.indicators.definitions import FIGURE_SOURCES, Definition, definitions, to_speak_of
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.indicators.plan_data import PlanRow, Population, plan_rows, populations, tag_names
from app.coverage.indicators.versions import VersionRow, versions_of
from app.coverage.planning.experts import INDICATORS as EXPERT_INDICATORS
from app.coverage.planning.experts import count_on
from app.identity.people import people_queries
from app.identity.units import unit_queries

router = APIRouter()

Manager = Annotated[Actor, having("coverage.manage")]


class DeclareForm(BaseModel):
    """One figure as typed."""

    what: str = Field("", max_length=20)
    value: str = Field("", max_length=20)
    unit: str = Field("", max_length=40)
    as_of: str = Field("", max_length=10)
    source: str = Field("", max_length=500)
    corrects: str = Field("", max_length=20)

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return nfc(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class DeclaredRow:
    """A declared figure as the page lists it; `replaced` once a later entry corrects it."""

    declared: Declared
    what: str
    value: str
    unit_name: str
    replaced: bool


@dataclass(frozen=True)
class Goal:
    """A year with a target, or that the plan has a row for; `row` None for what people have set since."""

    year: int
    row: PlanRow | None


@dataclass(frozen=True)
class DefinitionPage:
    """`choices` are the kinds of figure this reader may declare; empty for who may not."""

    definition: Definition
    versions: list[VersionRow]
    drafts: list[IndicatorDraft]
    goals: list[Goal]
    population: Population | None
    audiences: list[tuple[str, str]]
    programmes: list[tuple[str, str]]
    tags: list[tuple[str, str]]
    kinds: list[str]
    how: list[str]
    declared: list[DeclaredRow]
    choices: list[tuple[str, str]]
    form: DeclareForm
    errors: dict[str, str]


@router.get("/coverage/{indicator}/definition")
def definition(
    request: Request, db: Db, actor: Me, config: Config, indicator: str, what: str = "", version: str = ""
) -> Response:
    """Of the version in force this year, or of the one asked for by its number."""
    form = DeclareForm(what=what[:20], unit=config.province_code)
    return _show(request, db, actor, _chosen(db, indicator, version), form, {})


@router.post("/coverage/{indicator}/figures")
def add_figure(
    request: Request, db: Db, actor: Manager, indicator: str, form: Annotated[DeclareForm, Form()]
) -> Response:
    """Append one declared figure; what was typed wrongly comes back with a word at each field."""
    chosen = _chosen(db, indicator)
    if not choices_of(chosen):
        raise Conflict(_("Chỉ tiêu này không nhận số khai báo."))
    try:
        declare(db, actor, chosen, Declaration(**form.model_dump()))
    except Invalid as error:
        return _show(request, db, actor, chosen, form, error.fields, status=422)
    flash = ("ok", _("Đã ghi số khai báo. Số cũ vẫn còn trong danh sách bên dưới."))
    return redirect(request, f"/coverage/{chosen.code}/definition", flash=flash)


def _show(
    request: Request, db: Session, actor: Actor, chosen: Definition, form: DeclareForm, errors: dict[str, str],
    status: int = 200,
) -> Response:  # fmt: skip
    page = _page(db, actor, chosen, form, errors)
    return render(
        request,
        "coverage/definition.html",
        status=status,
        experts=count_on(db, clock.today()) if chosen.code in EXPERT_INDICATORS else None,
        page=page,
        wording=wording,
        sources=FIGURE_SOURCES,
        corrections=_corrections(page),
        targets={one.year: wording.target_words(page.definition, one) for one in page.definition.targets},
        value_hint=_value_hint(page.definition),
    )


def _page(db: Session, actor: Actor, chosen: Definition, form: DeclareForm, errors: dict[str, str]) -> DefinitionPage:
    population = populations()[chosen.population] if chosen.population else None
    names = {"result": _("Kết quả của chỉ tiêu"), "denominator": population.name if population else ""}
    may = choices_of(chosen) if actor.can("coverage.manage") else []
    audiences, titles, tags = people_queries.audience_names(db), _programme_titles(db), tag_names()
    return DefinitionPage(
        definition=chosen, versions=versions_of(db, chosen.code, clock.today().year),
        drafts=drafts_of(db, chosen.code) if actor.can("coverage.manage") else [], goals=_goals(chosen),
        population=population,
        audiences=[(one, audiences.get(one, one)) for one in sorted(chosen.audiences)],
        programmes=[(one, titles.get(one, one)) for one in sorted(chosen.programmes)],
        tags=[(one, tags.get(one, one)) for one in sorted(chosen.tags)],
        kinds=[str(words) for code, words in UNIT_KINDS.items() if code in chosen.unit_kinds],
        how=[str(words) for code, words in WAYS.items() if code in chosen.how],
        declared=_declared_rows(db, chosen, names), choices=[(one, names[one]) for one in may], form=form,
        errors=errors,
    )  # fmt: skip


def _chosen(db: Session, code: str, version: str = "") -> Definition:
    found = definitions(db, code)
    if version:
        found = [one for one in found if one.number == whole(version)]
    if not found:
        raise NotFound(_("Không có chỉ tiêu %(code)s.", code=code[:40]))
    return to_speak_of(found, clock.today().year)[found[0].code]


def _goals(chosen: Definition) -> list[Goal]:
    rows = {row.year: row for row in plan_rows() if row.indicator == chosen.code}
    return [Goal(year, rows.get(year)) for year in sorted({*rows, *(one.year for one in chosen.targets)})]


def _declared_rows(db: Session, chosen: Definition, names: dict[str, str]) -> list[DeclaredRow]:
    subjects = {chosen.code: "result", chosen.population or "": "denominator"}
    found = history(db, [subject for subject in subjects if subject])
    units = unit_queries.lives_of(db, {one.unit_id for one in found})
    replaced = {one.corrects_id for one in found}
    return [
        DeclaredRow(
            one, names[subjects[one.subject]], _value_words(chosen, one),
            unit_queries.version_for(units[one.unit_id], one.as_of).name, one.id in replaced,
        )
        for one in found
    ]  # fmt: skip


def _value_words(chosen: Definition, declared: Declared) -> str:
    if declared.subject == chosen.code:
        if chosen.target_unit == "yes_no":
            return _("có") if declared.value else _("chưa")
        if chosen.is_declared_in_percent:
            return format_number(declared.value, 2).rstrip("0").rstrip(",") + "%"
    about = _("khoảng ") if declared.is_approximate else ""
    return f"{about}{format_number(declared.value)} {wording.counted_in(chosen)}"


def _programme_titles(db: Session) -> dict[str, str]:
    return dict(db.execute(select(Programme.code, Programme.title)).all())


def _value_hint(chosen: Definition) -> str:
    if chosen.target_unit == "yes_no":
        return _("1 nếu đã có, 0 nếu chưa")
    if chosen.is_declared_in_percent:
        return _("Kết quả: tỷ lệ phần trăm, ví dụ 72,5. Mẫu số: số nguyên, ví dụ 986.800")
    return _("Số nguyên, ví dụ 1.250")


def _corrections(page: DefinitionPage) -> list[tuple[str, str]]:
    """Earlier entries one may put right, as options of a select."""
    return [
        (str(row.declared.id), f"{row.value} · {row.unit_name} · {format_date(row.declared.as_of)}")
        for row in page.declared
        if not row.replaced
    ]
