"""Open data: nothing small can be found out, every month is made once, the description fits the files."""

import csv
import hashlib
import io
import itertools
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker, enqueue
from app.core.settings import get_settings
from app.coverage.open_data.hiding import Told, rounded, told
from app.learning.completions import annul_completion
from tests import factories
from tests.browser import Browser


@pytest.mark.parametrize(("parts", "highest"), [(1, 12), (2, 12), (3, 10), (4, 6)])
def test_no_small_part_can_be_worked_out(parts: int, highest: int) -> None:
    """By trying: of all counts that lead to the same publication, a part below five is everything from 0 to 4."""
    behind: dict[Told, list[tuple[int, ...]]] = defaultdict(list)
    for counts in itertools.product(range(highest + 1), repeat=parts + 1):
        # The last is what belongs to no part.
        behind[told(sum(counts), counts[:-1])].append(counts)
    for all_counts in behind.values():
        for possible in map(set, zip(*all_counts, strict=True)):
            assert min(possible) >= 5 or set(range(5)) <= possible


def test_the_months_of_a_unit_do_not_tell_a_small_step() -> None:
    """Between any two published numbers the true difference may be small or nothing as well as five."""
    steps = defaultdict(set)
    for before, after in itertools.product(range(40), repeat=2):
        if after >= before:
            steps[rounded(before), rounded(after)].add(after - before)
    assert all(len(possible) >= 5 for possible in steps.values())


@pytest.fixture
def months_of_learning(db: Session) -> None:
    """In January 2026 seven of a ward and two of another complete a course; in February one more of the first."""
    version = factories.course(db)
    for number, code in enumerate(["07210"] * 7 + ["07228"] * 2):
        holder = factories.person(db, f"Người {'ABCDEFGHI'[number]}")
        factories.post(db, holder, code)
        factories.completion(db, holder, version, date(2026, 1, 10))
    late = factories.person(db, "Người Sau")
    factories.post(db, late, "07210")
    factories.completion(db, late, version, date(2026, 2, 10))
    undone = factories.person(db, "Người Hủy")
    factories.post(db, undone, "07210")
    annul_completion(db, factories.completion(db, undone, version, date(2026, 1, 11)), None, "nhầm người", fraud=False)
    db.commit()


@pytest.fixture
def publish(db: Session, worker: Worker) -> Callable[[date], None]:
    def publish(today: date) -> None:
        with clock.frozen(datetime(today.year, today.month, today.day, 5, tzinfo=UTC)):
            enqueue(db, "coverage.open_data")
            db.commit()
            worker.run_all()

    return publish


def rows_of(browser: Browser, month: str, name: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(browser.get(f"/open-data/{month}/{name}.csv").text)))


@pytest.mark.usefixtures("months_of_learning")
def test_what_is_small_is_left_out_and_totals_do_not_give_it_away(
    browser: Browser, publish: Callable[[date], None]
) -> None:
    publish(date(2026, 2, 3))
    people = {row["unit"]: row for row in rows_of(browser, "2026-01", "people")}
    assert (people["07210"]["people"], people["07210"]["flag"]) == ("5", "")
    assert (people["07228"]["people"], people["07228"]["flag"]) == ("", "under_5")
    assert "24" not in people, "people of two units would be counted twice"
    figures = {row["unit"]: row for row in rows_of(browser, "2026-01", "coverage") if row["indicator"] == "BG-CBCC"}
    assert (figures["07210"]["numerator"], figures["07210"]["denominator"]) == ("5", "5")
    assert (figures["07228"]["numerator"], figures["07228"]["denominator"]) == ("", "")
    assert (figures["24"]["numerator"], figures["24"]["flag"]) == ("5", "told_parts")
    # Nine stand; an annulled one does not.
    courses = {row["course"]: row["completions"] for row in rows_of(browser, "2026-01", "completions")}
    assert sorted(courses.values()) == ["5", "5"]


@pytest.mark.usefixtures("months_of_learning")
def test_an_issue_stays_as_it_was_and_the_next_month_has_its_own(
    browser: Browser, publish: Callable[[date], None]
) -> None:
    publish(date(2026, 2, 3))
    first = browser.get("/open-data/2026-01/people.csv").content
    package = browser.get("/open-data/2026-01/datapackage.json").content
    publish(date(2026, 2, 4))
    publish(date(2026, 3, 1))
    assert browser.get("/open-data/2026-01/people.csv").content == first
    assert browser.get("/open-data/2026-01/datapackage.json").content == package
    assert {row["month"] for row in rows_of(browser, "2026-02", "people")} == {"2026-02"}
    page = browser.get("/open-data").text
    assert page.index("02/2026") < page.index("01/2026")


@pytest.mark.usefixtures("months_of_learning")
def test_the_description_fits_the_files(browser: Browser, publish: Callable[[date], None]) -> None:
    publish(date(2026, 2, 3))
    package = json.loads(browser.get("/open-data/2026-01/datapackage.json").content)
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert len(package["resources"]) == 6
    for resource in package["resources"]:
        content = browser.get(f"/open-data/2026-01/{resource['path']}").content
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        names = [field["name"] for field in resource["schema"]["fields"]]
        rows = (
            json.loads(content) if resource["format"] == "json"
            else list(csv.DictReader(io.StringIO(content.decode())))
        )  # fmt: skip
        assert len(rows) == resource["rows"]
        assert list(rows[0]) == names
        keys = [tuple(row[name] for name in resource["schema"]["primaryKey"]) for row in rows]
        assert len(set(keys)) == len(keys)


@pytest.mark.usefixtures("months_of_learning")
def test_switched_off_nothing_is_made_and_nothing_is_given(
    browser: Browser, app: FastAPI, publish: Callable[[date], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(date(2026, 2, 3))
    app.state.settings = app.state.settings.model_copy(update={"open_data": False})
    assert browser.get("/open-data/2026-01/people.csv").status_code == 404
    assert "chưa công bố dữ liệu mở" in browser.get("/open-data").text
    monkeypatch.setenv("OPEN_DATA", "0")
    get_settings.cache_clear()
    publish(date(2026, 3, 3))
    app.state.settings = app.state.settings.model_copy(update={"open_data": True})
    assert browser.get("/open-data/2026-02/people.csv").status_code == 404
    get_settings.cache_clear()


def test_an_unknown_file_is_not_found(browser: Browser) -> None:
    for address in ("/open-data/2026-01/people.csv", "/open-data/../x.csv", "/open-data/2026-01/people.exe"):
        assert browser.get(address).status_code == 404
