"""The figures of hand_worked.yaml, entered through the services and compared to the person."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any

import pytest
import yaml

from app.core import clock
from app.core.db import Session
from app.core.settings import ROOT
from app.coverage.counting.figures import Question, figure, overview
from app.coverage.counting.ledger import reconcile
from app.coverage.models import DeclaredFigure
from app.coverage.rebuilding import people_with_figures
from app.identity.models import Person
from app.identity.people import people
from app.learning import completions
from tests import factories

WORKED = yaml.safe_load((ROOT / "tests" / "coverage" / "hand_worked.yaml").read_text(encoding="utf-8"))
Case = dict[str, Any]


@dataclass
class Step:
    on: date
    do: Callable[[], object]


def case_name(case: Case) -> str:
    return f"{case['indicator']} {case['unit']} {case['day']}" + (" known" if "known" in case else "")


@pytest.fixture
def worked(db: Session) -> None:
    """Everything entered on its own day, in the order of the days."""
    with clock.frozen(_morning(date(2024, 1, 1))):
        versions = {
            code: factories.course(db, code, tags=course["tags"], programme=course.get("programme"))
            for code, course in WORKED["courses"].items()
        }
    steps: list[Step] = []
    for name, facts in WORKED["people"].items():
        holder = factories.person(db, name)
        for post in facts["posts"]:
            steps.append(Step(post["from"], partial(_post, db, holder, post)))
        for done in facts["completions"]:
            steps.append(Step(done["day"], partial(_complete, db, holder, versions[done["course"]], done)))
            if "annulled" in done:
                steps.append(Step(done["annulled"], partial(_annul, db, done)))
    for row in WORKED["declared"]:
        steps.append(Step(row["as_of"], partial(_declare, db, row)))
    for step in sorted(steps, key=lambda step: step.on):
        with clock.frozen(_morning(step.on)):
            step.do()
    db.flush()


@pytest.mark.usefixtures("worked")
def test_every_figure_is_the_one_worked_by_hand(db: Session) -> None:
    """All cases in one go: the world is the same for each, and what differs is shown case by case."""
    wrong = {}
    for case in WORKED["expected"]:
        asked = Question(
            case["indicator"], case["unit"], case["day"], case.get("map"),
            clock.end_of_day(case["known"]) if "known" in case else None,
        )  # fmt: skip
        found = figure(db, asked)
        got = {
            "numerator": found.numerator, "denominator": found.denominator.value, "output": found.output,
            "met": found.met, "ratio": found.ratio, "target": found.target.year if found.target else None,
        }  # fmt: skip
        differing = {name: got[name] for name in got if name in case and got[name] != case[name]}
        if "flag" in case and case["flag"] not in found.flags:
            differing["flags"] = found.flags
        if differing:
            wrong[case_name(case)] = differing
    assert wrong == {}


@pytest.mark.usefixtures("worked")
def test_the_dashboard_shows_the_same_figures_as_the_drill_down(db: Session) -> None:
    for on in (date(2025, 12, 31), date(2026, 11, 21)):
        shown = {one.definition.code: one for one in overview(db, Question("", "24", on))}
        assert len(shown) == 27
        for code, one in shown.items():
            alone = figure(db, Question(code, "24", on))
            for name in ("output", "numerator", "denominator", "target", "declared", "flags", "ratio", "met"):
                assert getattr(one, name) == getattr(alone, name), (code, name)


@pytest.mark.usefixtures("worked")
def test_children_add_up_to_the_whole(db: Session) -> None:
    for one in overview(db, Question("", "24", date(2026, 11, 21))):
        if one.definition.is_counted and one.definition.measure == "people":
            whole = figure(db, Question(one.definition.code, "24", date(2026, 11, 21)))
            assert sum(child.output for child in whole.children) == whole.output
            if whole.denominator.kind == "roster":
                assert sum(child.numerator or 0 for child in whole.children) == whole.numerator
                assert sum(child.denominator.value or 0 for child in whole.children) == (whole.denominator.value or 0)


@pytest.mark.usefixtures("worked")
def test_rebuilding_everybody_finds_nothing_to_mend(db: Session) -> None:
    assert reconcile(db, people_with_figures(db), "rebuild").entries == 0


@pytest.mark.usefixtures("worked")
def test_the_command_prints_the_same_numbers(
    db: Session, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    db.commit()
    shown = {}
    for code in ("BD-DOANHNGHIEP", "BG-NGUOIDAN", "BG-NC-LAODONG"):
        words = ("coverage", "show", "--indicator", code, "--unit", "24", "--on", "2026-11-21", "--json")
        assert command(*words) == 0
        shown[code] = json.loads(capsys.readouterr().out)
    estimate = shown["BD-DOANHNGHIEP"]
    assert estimate["coverage"] == {"numerator": 2, "denominator": 10, "ratio": 0.2}
    assert estimate["denominator"]["as_of"] == "2026-06-30"
    assert estimate["denominator"]["recorded_at"].startswith("2026-06-30T01:00")
    assert estimate["flags"] == ["estimate"]
    assert "declared" not in estimate, "a computed figure keeps its shape"
    survey = shown["BG-NGUOIDAN"]
    assert survey["figure_source"] == "survey"
    assert survey["coverage"] == {"numerator": None, "denominator": 986800, "ratio": 0.725}
    assert survey["declared"]["value"] == 72.5
    assert survey["output"] == {"people": 1}
    assert survey["estimate"] == 1 / 986800
    forecast = shown["BG-NC-LAODONG"]
    assert forecast["flags"] == ["not_measured"]
    assert forecast["met"] is None
    assert forecast["target"] == {"year": 2025, "operator": "~", "value": 1029625}


def _post(db: Session, holder: Person, post: Case) -> None:
    people.add_affiliation(
        db, holder, factories.unit_id(db, post["unit"], post["from"]), audiences=post["audiences"],
        started_on=post["from"], ended_on=post.get("to"), is_primary=post.get("primary", True),
    )  # fmt: skip


def _complete(db: Session, holder: Person, version: Any, done: Case) -> None:
    done["made"] = factories.completion(db, holder, version, done["day"])


def _annul(db: Session, done: Case) -> None:
    completions.annul_completion(db, done["made"], None, "ghi nhầm", fraud=False)


def _declare(db: Session, row: Case) -> None:
    db.add(
        DeclaredFigure(
            subject=row["subject"], unit_id=factories.unit_id(db, row["unit"], row["as_of"]), as_of=row["as_of"],
            value=row["value"], source="số bịa để thử", recorded_at=clock.now(),
        )
    )  # fmt: skip


def _morning(on: date) -> datetime:
    return datetime.combine(on, time(8), tzinfo=clock.VIETNAM)
