"""The figures of cases/*.yaml, entered through the services and compared to the person, by both readings."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from app.catalogue.models import CourseVersion
from app.certificates import service as certificates
from app.certificates.models import Certificate
from app.core import clock, events
from app.core.db import Database, Session
from app.core.settings import ROOT, Settings
from app.coverage.counting.figures import Question, figure, overview
from app.coverage.counting.ledger import reconcile
from app.coverage.models import DeclaredFigure
from app.coverage.rebuilding import people_with_figures
from app.coverage.verification import verify
from app.coverage.verify import facts
from app.coverage.verify.against_figures import Totals
from app.coverage.verify.reckoning import Scopes, reckon
from app.identity.models import Person
from app.identity.people import merging, people
from app.identity.sign_in.accounts import actor_of
from app.identity.units.reorganising import carry_out, preview
from app.identity.units.waiting import assign, waiting_list
from app.identity.units.wishes import Draft, Split
from app.learning import completions
from app.main import HANDLERS
from tests import factories
from tests.seeded import Seeded

# kinds: every kind of indicator; corners: the hard places of the rules; divided: a unit that becomes two.
WORKED = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests" / "coverage" / "cases").glob("*.yaml"))
}
Case = dict[str, Any]
in_every_world = pytest.mark.parametrize("entered", sorted(WORKED), indirect=True)
of_every_kind = pytest.mark.parametrize("entered", ["kinds"], indirect=True)

# On one worker: each world is entered once and copied for each test.
pytestmark = pytest.mark.xdist_group("hand-worked")


@dataclass
class Step:
    on: date
    do: Callable[[], object]


def case_name(case: Case) -> str:
    return f"{case['indicator']} {case['unit']} {case['day']}" + (" known" if "known" in case else "")


@pytest.fixture(scope="module")
def entered(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with one of the worlds."""
    with seeded.copied(tmp_path_factory.mktemp("worked"), "worked.db") as url:
        events.wire(HANDLERS)
        database = Database(url)
        with database.writing() as db:
            _enter(db, WORKED[request.param])
        database.dispose()
        yield url


@pytest.fixture
def settings(tmp_path: Path, seeded: Seeded, entered: str) -> Iterator[Settings]:
    """Instead of the empty province of other tests."""
    with seeded.copied(tmp_path, source=entered) as url:
        yield Settings(  # type: ignore[call-arg]
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0
        )


@pytest.fixture
def worked(request: pytest.FixtureRequest) -> Case:
    """The world in the database, as it is told in its file."""
    return WORKED[request.node.callspec.params["entered"]]


def _enter(db: Session, world: Case) -> None:
    """Everything on its own day in the order of the days."""
    with clock.frozen(_morning(date(2024, 1, 1))):
        versions = {
            code: factories.course(db, code, tags=course["tags"], programme=course.get("programme"))
            for code, course in world["courses"].items()
        }
        admin = actor_of(db, factories.account(db, role="province_admin").id)
    steps: list[Step] = []
    records: dict[str, Person] = {}
    for name, told in world["people"].items():
        records[name] = holder = factories.person(db, name)
        for post in told["posts"]:
            steps.append(Step(post["from"], partial(_post, db, holder, post)))
        for done in told["completions"]:
            steps.append(Step(done.get("recorded", done["day"]), partial(_complete, db, holder, versions, done)))
            if "annulled" in done:
                steps.append(Step(done["annulled"], partial(_annul, db, done)))
            if "revoked" in done:
                steps.append(Step(done["revoked"]["day"], partial(_revoke, db, done)))
        if "record_of" in told:
            pair = merging.Pair(records[told["record_of"]], holder)
            steps.append(Step(told["merged"], partial(merging.merge, db, admin, pair, (), "một người")))
    for row in world["declared"]:
        steps.append(Step(row.get("recorded", row["as_of"]), partial(_declare, db, row, world["declared"])))
    for act in world.get("divided", ()):
        steps.append(Step(act["day"], partial(_divide, db, act, records)))
        steps.append(Step(act["later"]["day"], partial(_assign, db, act, records)))
    for step in sorted(steps, key=lambda step: step.on):
        with clock.frozen(_morning(step.on)):
            step.do()


@in_every_world
def test_every_figure_is_the_one_worked_by_hand(db: Session, worked: Case) -> None:
    """All cases in one go: the world is the same for each, and what differs is shown case by case."""
    wrong = {}
    for case in worked["expected"]:
        asked = Question(
            case["indicator"], case["unit"], case["day"], case.get("map"),
            clock.end_of_day(case["known"]) if "known" in case else None,
        )  # fmt: skip
        found = figure(db, asked)
        got = {
            "numerator": found.numerator, "denominator": found.denominator.value, "output": found.output,
            "met": found.met, "ratio": found.ratio, "target": found.target.year if found.target else None,
            "source": found.denominator.source, "group": " ".join(found.group),
        }  # fmt: skip
        differing = {name: got[name] for name in got if name in case and got[name] != case[name]}
        if "flag" in case and case["flag"] not in found.flags:
            differing["flags"] = found.flags
        if differing:
            wrong[case_name(case)] = differing
    assert wrong == {}


@in_every_world
def test_the_second_reading_comes_to_the_same_as_the_hand(db: Session, worked: Case) -> None:
    """What was known at some time only the ledger can say, and a group's figure only a page shows: both left out."""
    rules, lineage, shown = facts.rules(db), facts.lineage(db), facts.shown_as(db)
    scopes, wrong, asked = Scopes(lineage, "24"), {}, 0
    books = [reckon(human, rules, scopes) for some in facts.humans(db, shown) for human in some]
    for case in worked["expected"]:
        totals = Totals([rule for rule in rules if rule.indicator == case["indicator"]], case["day"])
        if "known" in case or "group" in case or not totals.rules:
            continue
        for book in books:
            for version_id, entries in book.items():
                totals.add(version_id, entries)
        [rule] = totals.rules
        map_on = case.get("map", case["day"])
        sums = totals.on_tree(rule, lineage, scopes, map_on)
        unit_id = factories.unit_id(db, case["unit"], map_on)
        got = {"output": sums["output", unit_id]}
        if rule.over_roster:
            got |= {"numerator": sums["coverage", unit_id], "denominator": sums["roster", unit_id] or None}
        asked += 1
        if differing := {name: number for name, number in got.items() if case.get(name, number) != number}:
            wrong[case_name(case)] = differing
    assert wrong == {}
    assert asked > len(worked["expected"]) / 2


@in_every_world
def test_verifying_finds_nothing(db: Session, worked: Case) -> None:
    for on in (date(2024, 12, 31), date(2025, 12, 31), date(2026, 11, 21)):
        assert verify(db, "24", on).in_order() == []


@in_every_world
def test_the_dashboard_shows_the_same_figures_as_the_drill_down(db: Session, worked: Case) -> None:
    for on in (date(2025, 12, 31), date(2026, 11, 21)):
        shown = {one.definition.code: one for one in overview(db, Question("", "24", on))}
        assert len(shown) == 27
        for code, one in shown.items():
            alone = figure(db, Question(code, "24", on))
            for name in ("output", "numerator", "denominator", "target", "declared", "flags", "ratio", "met"):
                assert getattr(one, name) == getattr(alone, name), (code, name)


@in_every_world
def test_children_add_up_to_the_whole(db: Session, worked: Case) -> None:
    for one in overview(db, Question("", "24", date(2026, 11, 21))):
        if one.definition.is_counted and one.definition.measure == "people":
            whole = figure(db, Question(one.definition.code, "24", date(2026, 11, 21)))
            assert sum(child.output for child in whole.children) == whole.output
            if whole.denominator.kind == "roster":
                assert sum(child.numerator or 0 for child in whole.children) == whole.numerator
                assert sum(child.denominator.value or 0 for child in whole.children) == (whole.denominator.value or 0)


@in_every_world
def test_rebuilding_everybody_finds_nothing_to_mend(db: Session, worked: Case) -> None:
    assert reconcile(db, people_with_figures(db), "rebuild").entries == 0


@of_every_kind
def test_the_command_prints_the_same_numbers(
    worked: Case, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
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


def _complete(db: Session, holder: Person, versions: dict[str, CourseVersion], done: Case) -> None:
    how = done.get("how", "online")
    learned: completions.Learned | completions.LearnedOutside
    if "course" in done:
        learned = completions.Learned(holder.id, versions[done["course"]].id, how, done["day"], score_percent=90.0)
    else:
        learned = completions.LearnedOutside(
            holder.id, done["programme"], "Học ở nơi khác", how, "evidence:1", done["day"], 8.0
        )
    done["made"] = completions.record_completion(db, learned)


def _annul(db: Session, done: Case) -> None:
    completions.annul_completion(db, done["made"], None, "ghi nhầm", fraud=False)


def _revoke(db: Session, done: Case) -> None:
    paper = db.scalars(select(Certificate).where(Certificate.completion_id == done["made"].id)).one()
    certificates.revoke(db, paper, done["revoked"]["kind"], "thử", None)


def _divide(db: Session, act: Case, records: dict[str, Person]) -> None:
    province = factories.unit_id(db, "24", act["day"])
    parts = tuple(Draft(code, f"Phường {code}", "commune", "Phường", province) for code in act["parts"])
    told = list(act["parts"].values())
    people_to = {records[name].id: at for at, part in enumerate(told) for name in part["people"]}
    shares = tuple(part["share"] for part in told)
    wish = Split(factories.unit_id(db, act["unit"], act["day"]), parts, shares, people=people_to)
    assert preview(db, wish, act["day"]).problems == ()
    act["made"] = carry_out(db, wish, act["day"], "15/NQ-HĐND", account_id=None)


def _assign(db: Session, act: Case, records: dict[str, Person]) -> None:
    waiting = {one.person_ref: one.post_id for one in waiting_list(db, act["made"]).people}
    parts = {
        waiting[records[name].ref]: factories.unit_id(db, code, act["day"])
        for name, code in act["later"]["people"].items()
    }
    assign(db, act["made"], parts, account_id=None)


def _declare(db: Session, row: Case, all_: list[Case]) -> None:
    corrects = all_[row["corrects"] - 1]["made"] if "corrects" in row else None
    row["made"] = DeclaredFigure(
        subject=row["subject"], unit_id=factories.unit_id(db, row["unit"], row["as_of"]), as_of=row["as_of"],
        value=row["value"], source=row.get("source", "số bịa để thử"), recorded_at=clock.now(),
        corrects_id=corrects.id if corrects else None,
    )  # fmt: skip
    db.add(row["made"])
    db.flush()


def _morning(on: date) -> datetime:
    return datetime.combine(on, time(8), tzinfo=clock.VIETNAM)
