"""What a unit needs, task by task: from its form, or many units at once from a list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.programmes import ProgrammePlan, plans
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict
from app.core.i18n import gettext as _
from app.core.table_files import Table
from app.core.tables import Cell, Column
from app.core.text import whole
from app.core.typed_lists import LinesWrong, cells_of_lines, rows_as_lines, rows_of_file
from app.coverage.planning.models import PlanLine, PlanYear
from app.coverage.planning.policy import UNIT
from app.coverage.planning.years import MOST_PEOPLE
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

COLUMNS = ("Mã nhiệm vụ", "Mã đơn vị", "Nhu cầu", "Ghi chú")
MOST_LINES = 5_000


@dataclass(frozen=True)
class Need:
    """Persons a unit would send; None takes back what was said."""

    people: int | None
    note: str = ""


def runs_in(task: ProgrammePlan, year: int) -> bool:
    """Whether the programme has the task in that year; `period` is like 2024-2030."""
    first, _dash, last = task.period.partition("-")
    return int(first) <= year <= int(last or first)


def tasks_with_people(year: int) -> list[ProgrammePlan]:
    """Tasks people are sent to; broadcasts have none."""
    return [task for task in plans() if task.delivery != "broadcast" and runs_in(task, year)]


def people_typed(text: str) -> int | None:
    """A count as typed, 1.234 too; None for what is none."""
    count = whole(text.replace(".", "").replace(" ", ""))
    return count if count is not None and count <= MOST_PEOPLE else None


def say_needs(
    db: Session, actor: Actor, plan: PlanYear, unit_id: int, needs: Mapping[str, Need]
) -> int:  # fmt: skip
    """What the unit needs by code of the task; how many lines changed. Raises Conflict outside of the time for it."""
    if plan.state != "needs":
        raise Conflict(_("Kế hoạch năm %(year)s không còn nhận nhu cầu.", year=plan.year))
    query = select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.unit_id == unit_id)
    lines = {line.programme_code: line for line in db.scalars(query)}
    changed = 0
    for code, need in needs.items():
        line = lines.get(code)
        if (line.need, line.note) == (need.people, need.note) if line else need == Need(None):
            continue
        if line is None:
            line = PlanLine(plan_id=plan.id, programme_code=code, unit_id=unit_id)
            db.add(line)
        line.need, line.note = need.people, need.note[:300]
        line.need_said_at, line.need_said_by = clock.now(), actor.account_id
        changed += 1
    db.flush()
    if changed:
        audit.record(
            db, "plan.need", "plan_year", plan.id, account_id=actor.account_id, unit=unit_id, lines=changed
        )  # fmt: skip
    return changed


def lines_of_file(content: bytes, file_name: str) -> str:
    """Rows with a number, as lines of text; the template names all tasks and leaves the numbers empty."""
    return rows_as_lines(row for row in rows_of_file(content, file_name, COLUMNS) if row[2])


def say_lines(db: Session, actor: Actor, plan: PlanYear, text: str) -> int:
    """The needs of many units, all or none; how many lines there were. Raises LinesWrong, Invalid, Conflict."""
    reach = set(db.scalars(actor.units_with(UNIT)))
    codes = {task.code for task in tasks_with_people(plan.year)}
    found: dict[int, dict[str, Need]] = {}
    units: dict[str, UnitOnDay | None] = {}
    problems = []
    said = _("Dòng %(number)s cần các ô, cách nhau bằng dấu chấm phẩy: %(columns)s.")
    rows = cells_of_lines(text, COLUMNS, MOST_LINES, said, optional=1)
    for number, (code, unit_code, need, note) in rows:
        if unit_code not in units:
            units[unit_code] = unit_queries.unit_on(db, unit_code, clock.today())
        unit, people = units[unit_code], people_typed(need)
        if code.upper() not in codes:
            wrong = _("năm %(year)s không có nhiệm vụ %(code)s", year=plan.year, code=code[:30])
        elif unit is None or unit.unit_id not in reach:
            wrong = _("không có đơn vị mang mã %(code)s trong phạm vi của anh/chị", code=unit_code[:40])
        elif people is None:
            wrong = _("“%(text)s” không phải là số người", text=need[:40])
        elif code.upper() in found.setdefault(unit.unit_id, {}):
            wrong = _("đơn vị và nhiệm vụ này đã có ở dòng trước")
        else:
            found[unit.unit_id][code.upper()] = Need(people, note[:300])
            continue
        problems.append(_("Dòng %(number)s: %(what)s.", number=number, what=wrong))
    if problems:
        raise LinesWrong(problems)
    for unit_id, needs in found.items():
        say_needs(db, actor, plan, unit_id, needs)
    return len(rows)


def template(plan: PlanYear, units: Sequence[UnitOnDay]) -> Table:
    """A row for each task and unit, to be filled in."""
    columns = (
        Column(COLUMNS[0], width=18), Column(_("Tên nhiệm vụ"), width=60), Column(COLUMNS[1], width=12),
        Column(_("Tên đơn vị"), width=34), Column(COLUMNS[2], width=12), Column(COLUMNS[3], width=40),
    )  # fmt: skip

    def rows() -> Iterator[tuple[Cell, ...]]:
        for unit in units:
            for task in tasks_with_people(plan.year):
                yield task.code, task.title, unit.code, unit.name, "", ""

    note = _("Ghi số người cần cử vào cột “Nhu cầu”; dòng để trống thì bỏ qua.")
    return Table(_("Nhu cầu"), (_("Nhu cầu đào tạo năm %(year)s", year=plan.year), note), columns, rows())
