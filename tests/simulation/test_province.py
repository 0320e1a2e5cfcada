"""Life after a simulation: what the command promises, and that everything else goes on working."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.certificates.models import Certificate, CertificateSeries
from app.commands import migrate
from app.core import clock
from app.core.db import Database, Session
from app.core.errors import CommandFailed
from app.core.jobs import Job, Worker, enqueue
from app.core.settings import Settings
from app.coverage.verification import verify
from app.identity.models import Account, Affiliation, AffiliationAudience, Person, Unit, UnitVersion
from app.identity.people.people import SIMULATED
from app.learning.models import Completion
from app.runtime import Runtime
from app.simulation.province import simulate
from tests import factories
from tests.browser import Browser
from tests.seeded import Seeded
from tests.simulation.comparing import describe, differences
from tests.simulation.conftest import PEOPLE, SEED

Command = Callable[..., int]


@pytest.mark.by_turns
def test_the_tree_has_twelve_thousand_units_and_the_teams_of_the_plan(known: Session) -> None:
    kinds = Counter(dict(known.execute(select(UnitVersion.unit_id, UnitVersion.kind).distinct()).all()).values())
    assert kinds.total() == 12_000
    village_teams = select(func.count(UnitVersion.unit_id.distinct())).where(UnitVersion.type_name == "Tổ cấp thôn")
    assert known.scalar(village_teams) == 1891
    assert kinds["team"] == 1891 + 335


@pytest.mark.by_turns
def test_a_village_moves_to_the_commune_its_own_was_merged_into(known: Session) -> None:
    village = known.scalar(select(Unit.id).where(Unit.key == "mp-tdp-240001"))
    lives = known.scalars(
        select(UnitVersion).where(UnitVersion.unit_id == village).order_by(UnitVersion.valid_from)
    ).all()
    assert [str(life.valid_from) for life in lives] == ["2023-04-10", "2025-07-01"]
    parents = known.scalars(select(UnitVersion.name).where(UnitVersion.unit_id == lives[-1].parent_id)).all()
    assert any(name.startswith(("Xã", "Phường")) for name in parents)


@pytest.mark.by_turns
def test_every_audience_is_there_and_nobody_has_an_account(known: Session) -> None:
    assert known.scalar(select(func.count()).select_from(Person)) == PEOPLE
    audiences = set(known.scalars(select(AffiliationAudience.audience_code)))
    assert audiences >= {"CBCC", "GIAOVIEN", "YTE", "TCNSCD", "LDDN", "NGUOIDAN", "HOCSINH"}
    assert known.scalar(select(func.count()).select_from(Account)) == 0
    ended = known.scalar(select(func.count()).select_from(Affiliation).where(Affiliation.ended_on.is_not(None)))
    assert ended


@pytest.mark.by_turns
def test_the_same_seed_tells_the_same_province(database: Database) -> None:
    with database.writing() as db:
        simulate(db, 20, SEED)
    with database.reading() as db:
        first = describe(db)
    # Once more on what the province was before: everybody has the same number, so the same life.
    with database.open(write=True) as db:
        people = select(Person.id).order_by(Person.id.desc()).limit(20)
        names = [db.get_one(Person, person_id).name for person_id in db.scalars(people)]
        simulate(db, 20, SEED)
        again = [db.get_one(Person, person_id).name for person_id in db.scalars(people)]
        assert names != again, "a second call goes on counting"
        db.rollback()
    with database.reading() as db:
        assert not differences(first, describe(db))


def test_certificate_numbers_run_without_a_gap_in_the_order_of_issue(known: Session) -> None:
    for series in known.scalars(select(CertificateSeries)):
        numbers = known.scalars(
            select(Certificate.number)
            .where(Certificate.number.endswith(f"/{series.year}/{series.symbol}"))
            # Several may be issued in the same instant of the story.
            .order_by(Certificate.recorded_at, Certificate.number)
        ).all()
        assert [int(number[:5]) for number in numbers] == list(range(1, series.last_number + 1))


def test_a_rebuild_finds_no_difference(db: Session, worker: Worker) -> None:
    enqueue(db, "coverage.rebuild")
    db.commit()
    worker.run_all()
    job = db.scalars(select(Job).where(Job.kind == "coverage.rebuild")).one()
    assert (job.state, job.result["checked"], job.result["entries"]) == ("done", PEOPLE, 0)  # type: ignore[index]


@pytest.mark.by_turns
def test_a_second_reading_of_the_rules_finds_the_same_to_the_person(known: Session) -> None:
    report = verify(known, "24", clock.today())
    assert report.in_order() == []
    assert (report.people, report.entries > PEOPLE) == (PEOPLE, True)
    # Every indicator that counts something, at the province and at each unit under it.
    assert report.figures > 1000


@pytest.mark.by_turns
def test_a_simulated_certificate_can_be_verified_and_costs_no_paper(
    db: Session, browser: Browser, worker: Worker
) -> None:  # fmt: skip
    certificate = db.scalars(select(Certificate)).first()
    assert certificate is not None
    page = browser.get(f"/verify/{certificate.code}")
    assert page.status_code == 200
    assert certificate.holder_name in page.text
    enqueue(db, "certificates.order_missing")
    db.commit()
    worker.run_all()
    assert not db.scalars(select(Job).where(Job.kind == "certificates.render_pdf")).all()


@pytest.mark.by_turns
def test_a_simulated_holder_who_is_given_an_account_gets_the_paper(db: Session, worker: Worker) -> None:
    certificate = db.scalars(select(Certificate)).first()
    assert certificate is not None
    factories.account(db, db.get_one(Person, certificate.person_id), "nguoithat")
    enqueue(db, "certificates.order_missing")
    db.commit()
    worker.run_all()
    db.expire_all()
    assert certificate.document is not None


@pytest.mark.by_turns
def test_pages_of_the_administrator_show_the_province(db: Session, browser: Browser) -> None:
    holder = factories.person(db, "Trần Quản Trị")
    factories.account(db, holder, "quantri", role="province_admin")
    db.commit()
    browser.sign_in("quantri")
    for address in ("/coverage", "/coverage/BG-CBCC", "/people", "/people?page=5", "/units", "/units/07210"):
        assert browser.get(address).status_code == 200, address
    working = select(Affiliation.person_id).where(Affiliation.ended_on.is_(None))
    name = db.scalar(
        select(Person.name)
        .where(Person.ref.startswith(SIMULATED), Person.id.in_(working))
        .order_by(Person.sort_name, Person.id)
    )
    assert str(name) in browser.get("/people").text


@pytest.mark.by_turns
def test_the_command_says_what_it_did(command: Command, capsys: pytest.CaptureFixture[str], db: Session) -> None:
    before = db.scalar(select(func.count()).select_from(Completion)) or 0
    db.rollback()
    assert command("simulate", "--people", "30", "--seed", "5", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], said["units_added"], said["units"], said["rows"]["person"]) == (30, 0, 12_000, 30)
    assert db.scalar(select(func.count()).select_from(Person)) == PEOPLE + 30
    assert db.scalar(select(func.count()).select_from(Completion)) == before + said["rows"]["completion"]


@pytest.mark.by_turns
def test_real_people_are_left_alone(command: Command, capsys: pytest.CaptureFixture[str], db: Session) -> None:
    factories.person(db, "Nguyễn Có Thật")
    db.commit()
    assert command("simulate", "--people", "5") == 2
    assert "1 người không phải do mô phỏng" in capsys.readouterr().err


@pytest.mark.by_turns
def test_stopping_halfway_leaves_nothing(database: Database) -> None:
    def stop(line: str) -> None:
        if "Đã ghi" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.writing() as db:
        simulate(db, 50, SEED, stop)
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == PEOPLE


@pytest.mark.by_turns
def test_without_units_nothing_can_be_simulated(seeded: Seeded, tmp_path: Path) -> None:
    with seeded.empty(tmp_path) as url:
        runtime = Runtime(Settings(data_dir=tmp_path, database_url=url))  # type: ignore[call-arg]
        migrate(runtime)
        with pytest.raises(CommandFailed, match="Hãy chạy lệnh seed trước"), runtime.database.writing() as db:
            simulate(db, 5, SEED)
        runtime.database.dispose()
