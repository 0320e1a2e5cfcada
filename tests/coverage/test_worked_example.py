"""The figure docs/coverage.md works by hand: built from its tables through the services, held against its numbers."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import Session
from app.core.settings import ROOT
from app.core.templating import format_percent
from app.coverage.counting.figures import Figure
from app.coverage.models import CoverageEntry, CoverageRollup
from app.identity.models import Affiliation, Person
from app.identity.people import people
from app.identity.units import unit_queries
from app.learning import completions
from app.learning.models import Completion
from tests import factories

Row = dict[str, str]
Ask = Callable[..., Figure]
DOCUMENT = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
TODAY = date(2026, 11, 21)


def table(number: int) -> list[Row]:
    """The table under the caption "Bảng <number>." as rows of its own column names."""
    _before, caption, rest = DOCUMENT.partition(f"**Bảng {number}.")
    assert caption, f"docs/coverage.md has no table {number}"
    lines = [line for line in rest.split("\n## ")[0].split("\n**Bảng")[0].splitlines() if line.startswith("|")]
    head, _rule, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


def day(text: str) -> date | None:
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None


def must(text: str) -> date:
    found = day(text)
    assert found, "a day is missing in the document"
    return found


def morning(on: date) -> datetime:
    return datetime.combine(on, time(8), tzinfo=clock.VIETNAM)


def whole(text: str) -> int:
    """A number as the document writes it, with a real minus sign."""
    return int(text.replace("−", "-"))


def worked_sum(text: str) -> int:
    """The result of "+1 +1 −1 = 1", after adding it up ourselves."""
    steps, result = text.split("=")
    assert sum(whole(step) for step in steps.split()) == whole(result), text
    return whole(result)


class Example:
    """Tables 1 and 2 of the document, entered in the order of the days on which they were recorded."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.people: dict[str, Person] = {}
        self.posts: dict[tuple[str, str], Affiliation] = {}
        self.completions: dict[str, Completion] = {}
        steps: list[tuple[date, Callable[[], None]]] = []
        for row in table(1):
            # What ends a post is entered before what begins the next one on the same day.
            if row["đến ngày"]:
                steps.append((must(row["ghi ngày đến"]), partial(self.end_post, row)))
            steps.append((must(row["ghi ngày"]), partial(self.add_post, row)))
        for row in table(2):
            steps.append((must(row["ghi ngày"]), partial(self.complete, row)))
            if row["hủy ngày"]:
                steps.append((must(row["hủy ngày"]), partial(self.annul, row)))
        with clock.frozen(morning(min(on for on, _step in steps))):
            self.course = factories.course(db, "KH04")
        for on, step in sorted(steps, key=lambda item: item[0]):
            with clock.frozen(morning(on)):
                step()
        db.flush()

    def add_post(self, row: Row) -> None:
        name, unit = row["người"], row["đơn vị"]
        if name not in self.people:
            self.people[name] = factories.person(self.db, name)
        self.posts[name, unit] = factories.post(self.db, self.people[name], unit, started_on=must(row["từ ngày"]))

    def end_post(self, row: Row) -> None:
        people.end_affiliation(self.db, self.posts[row["người"], row["đơn vị"]], must(row["đến ngày"]))

    def complete(self, row: Row) -> None:
        holder = self.people[row["người"]]
        self.completions[row["mã"]] = factories.completion(self.db, holder, self.course, must(row["hoàn thành ngày"]))

    def annul(self, row: Row) -> None:
        completions.annul_completion(self.db, self.completions[row["mã"]], None, "ghi nhầm", fraud=False)

    def code_of(self, unit_id: int) -> str:
        unit = unit_queries.unit_by_id(self.db, unit_id, TODAY)
        assert unit is not None
        return unit.code


@pytest.fixture
def example(db: Session) -> Example:
    return Example(db)


def test_ledger_holds_the_entries_of_table_3(db: Session, example: Example, bg_cbcc: int) -> None:
    names = {person.id: name for name, person in example.people.items()}
    labels = {completion.id: label for label, completion in example.completions.items()}
    held = Counter(
        (
            entry.measure, entry.period, names[entry.person_id], example.code_of(entry.unit_id), entry.sign,
            entry.effective_on, clock.day_of(entry.recorded_at), entry.cause,
            labels[entry.completion_id] if entry.completion_id else "",
        )
        for entry in db.scalars(select(CoverageEntry).where(CoverageEntry.indicator_version_id == bg_cbcc))
    )  # fmt: skip
    assert held == Counter(
        (
            row["số đo"], row["kỳ"], row["người"], row["đơn vị"], whole(row["dấu"]), must(row["có hiệu lực từ"]),
            must(row["ghi ngày"]), row["vì"], row["hoàn thành"],
        )
        for row in table(3)
    )  # fmt: skip


@pytest.mark.parametrize("row", table(4), ids=lambda row: row["đơn vị"])
def test_figures_are_the_sums_of_table_4(ask: Ask, example: Example, row: Row) -> None:
    found = ask(row["đơn vị"], TODAY)
    assert found.denominator.value == worked_sum(row["danh sách"])
    assert found.numerator == worked_sum(row["bao phủ"])
    assert found.output == worked_sum(row["kết quả đào tạo"])
    assert f"{found.numerator}/{found.denominator.value} = {format_percent(found.ratio)}" == row["tỷ lệ"]
    assert found.met is False


def test_sums_of_table_4_add_up_the_entries_of_table_3() -> None:
    entries = table(3)
    for row in table(4)[:-1]:
        for column, measure in (("danh sách", "roster"), ("bao phủ", "coverage"), ("kết quả đào tạo", "output")):
            of_unit = [e["dấu"] for e in entries if e["đơn vị"] == row["đơn vị"] and e["số đo"] == measure]
            assert sorted(of_unit) == sorted(row[column].split("=")[0].split()), (row["đơn vị"], measure)


def test_rollups_are_those_of_table_5(db: Session, example: Example, bg_cbcc: int) -> None:
    held = {
        (sums.measure, sums.period, example.code_of(sums.unit_id), sums.half_month): sums.total
        for sums in db.scalars(select(CoverageRollup).where(CoverageRollup.indicator_version_id == bg_cbcc))
    }
    assert held == {
        (row["số đo"], row["kỳ"], row["đơn vị"], must(row["nửa tháng từ"])): whole(row["tổng"]) for row in table(5)
    }


@pytest.mark.parametrize("row", table(6), ids=lambda row: row["câu hỏi"].split(",")[0])
def test_other_questions_are_answered_as_in_table_6(ask: Ask, example: Example, row: Row) -> None:
    known = day(row["biết đến hết ngày"])
    found = ask(
        row["đơn vị"], must(row["tính đến"]), map_on=must(row["bản đồ"]),
        known_at=clock.end_of_day(known) if known else None,
    )  # fmt: skip
    assert found.numerator == whole(row["bao phủ"])
    assert found.denominator.value == whole(row["danh sách"])
    assert found.output == whole(row["kết quả đào tạo"])
    assert " ".join(found.group) == row["nhóm"]


def test_command_prints_the_json_of_the_document(
    db: Session, example: Example, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    db.commit()
    block = re.search(r"```json\n(.+?)```", DOCUMENT, re.DOTALL)
    assert block
    line = re.search(r"`python -m app (coverage show .+?)`", DOCUMENT)
    assert line
    capsys.readouterr()
    assert command(*line.group(1).split()) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(block.group(1))


def test_province_has_the_figure_the_document_ends_with(ask: Ask, example: Example) -> None:
    found = ask("24", TODAY)
    said = re.search(r"\*\*BG-CBCC đến 21/11/2026 là (\d+)/(\d+) = (\S+), chưa đạt\*\*", DOCUMENT)
    assert said
    assert said.groups() == (str(found.numerator), str(found.denominator.value), format_percent(found.ratio))
    coverage = {"numerator": found.numerator, "denominator": found.denominator.value, "ratio": found.ratio}
    assert json.dumps(coverage) in DOCUMENT
