"""The evidence of a figure, recomputed by the script in it and nothing else."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from app.core import clock
from app.core.db import Session
from app.coverage.models import DeclaredFigure
from tests import factories
from tests.browser import Browser

NAME = "Phạm Thị Không Tên"


@pytest.fixture
def people(db: Session) -> None:
    course = factories.course(db, audiences=("CBCC", "LDDN"))
    stays, moves, boss = factories.person(db, NAME), factories.person(db), factories.person(db)
    factories.post(db, stays, audiences=("CBCC", "TCNSCD"))
    factories.post(db, moves, ended_on=date(2026, 6, 30))
    factories.post(db, moves, "07228", started_on=date(2026, 7, 1))
    factories.post(db, boss, "07228", audiences=("LDDN",))
    for holder in (stays, moves, boss):
        factories.completion(db, holder, course, date(2026, 3, 10))
    db.add(
        DeclaredFigure(
            subject="LDDN", unit_id=factories.unit_id(db, "24"), as_of=date(2026, 1, 1), value=40, source="số bịa",
            recorded_at=clock.now(),
        )
    )  # fmt: skip
    factories.account(db, username="baocao", role="reporter", at="24")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="hocvien")
    db.commit()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For the ZIP alone: the database of the test may lie beside it."""
    return tmp_path / "evidence"


def recomputed(content: bytes, folder: Path) -> tuple[int, dict[str, dict[str, int | None]]]:
    """Exit code and words of the script, run in `folder` by a bare Python far from our code."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "recompute.py"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("question", "numerator", "denominator"),
    [
        ("BG-CBCC/evidence.zip?on=2026-11-21", 2, 2),
        ("BG-CBCC/evidence.zip?on=2026-03-09", 0, 2),
        ("BG-CBCC/evidence.zip?unit=07210&on=2026-11-21", 1, 1),
        ("BG-CBCC/evidence.zip?unit=24&on=2026-11-21&map=2025-03-31", 2, 2),
        ("BD-DOANHNGHIEP/evidence.zip?on=2026-11-21", 1, 40),
    ],
)
def test_a_stranger_finds_the_same_number_to_the_person(
    browser: Browser, folder: Path, question: str, numerator: int, denominator: int
) -> None:
    browser.sign_in("baocao")
    response = browser.get(f"/coverage/{question}")
    assert response.status_code == 200, response.text
    code, words = recomputed(response.content, folder)
    assert words["found"]["numerator"] == numerator
    assert words["found"]["denominator"] == denominator
    assert words["said"] == words["found"]
    assert code == 0
    told = "".join(file.read_text(encoding="utf-8-sig") for file in folder.iterdir())
    assert NAME not in told


@pytest.mark.usefixtures("people")
def test_units_that_are_counted_can_be_counted_again(browser: Browser, folder: Path) -> None:
    browser.sign_in("baocao")
    response = browser.get("/coverage/BN-MANGLUOI/evidence.zip?on=2026-11-21")
    code, words = recomputed(response.content, folder)
    assert code == 0
    assert (words["found"]["denominator"] or 0) > 40


@pytest.mark.usefixtures("people")
def test_a_changed_entry_is_noticed(browser: Browser, folder: Path) -> None:
    browser.sign_in("baocao")
    content = browser.get("/coverage/BG-CBCC/evidence.zip?on=2026-11-21").content
    assert recomputed(content, folder)[0] == 0
    entries = folder / "entries.csv"
    lines = entries.read_text(encoding="utf-8-sig").splitlines()
    entries.write_text("\n".join(line for line in lines if not line.startswith("coverage")) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "recompute.py"], cwd=folder, capture_output=True, timeout=60)
    assert done.returncode == 1


@pytest.mark.usefixtures("people")
def test_only_who_answers_for_the_unit_may_take_it(new_browser: Callable[[], Browser]) -> None:
    url = "/coverage/BG-CBCC/evidence.zip?on=2026-11-21&unit="
    manager = new_browser().sign_in("phutrach")
    assert manager.get(f"{url}07210").status_code == 200
    assert manager.get(f"{url}07228").status_code == 403
    assert manager.get(f"{url}24").status_code == 403
    assert "evidence.zip" in manager.get("/coverage/BG-CBCC?unit=07210&on=2026-11-21").text
    learner = new_browser().sign_in("hocvien")
    assert learner.get(f"{url}07210").status_code == 403
    assert "evidence.zip" not in learner.get("/coverage/BG-CBCC?unit=07210&on=2026-11-21").text


@pytest.mark.usefixtures("people")
def test_what_cannot_be_recomputed_says_so(browser: Browser) -> None:
    browser.sign_in("baocao")
    assert browser.get("/coverage/BG-STEM/evidence.zip").status_code == 404
    torn = browser.get("/coverage/BG-CBCC/evidence.zip?unit=07366&on=2026-11-21&map=2025-03-31")
    assert torn.status_code == 422
    assert "không tách được" in torn.text
