"""Drafts made by schedule are told in the inbox; by email whoever was named, unless they said no to the category."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import Worker, enqueue
from app.coverage.reports.filling import Wish
from app.coverage.reports.models import ReportRecipient, ReportSchedule
from app.notices.models import Notice
from app.notices.service import choose
from tests import factories
from tests.notices.conftest import Postman


def test_who_is_named_gets_the_letter_and_the_others_their_inbox(db: Session, worker: Worker, postman: Postman) -> None:
    names = ("neuten", "tuchoi", "tubat", "hopthu")
    people = {
        name: factories.account(db, factories.person(db, name, email=f"{name}@vi-du.vn"), name, role="province_admin")
        for name in names
    }
    with clock.frozen(datetime(2026, 11, 21, 3, tzinfo=UTC)):
        schedule = ReportSchedule(
            unit_id=factories.unit_id(db, "24"), every="year", account_id=people["neuten"].id, created_at=clock.now(),
            wish=Wish(("B02",), "", "24", has_body=False).as_json(),
        )  # fmt: skip
        db.add(schedule)
        db.flush()
        for name in ("neuten", "tuchoi"):
            db.add(ReportRecipient(schedule_id=schedule.id, person_id=people[name].person_id))
        choose(db, people["tuchoi"].person_id, {("report", "email"): False})
        choose(db, people["tubat"].person_id, {("report", "email"): True})
        db.commit()
    with clock.frozen(datetime(2027, 1, 2, tzinfo=UTC)):
        enqueue(db, "reports.draft_due")
        db.commit()
        worker.run_all()
    assert {str(letter["To"]).split("<")[-1].rstrip(">") for letter in postman.letters} == {
        "neuten@vi-du.vn", "tubat@vi-du.vn"
    }  # fmt: skip
    assert len(db.scalars(select(Notice).where(Notice.category == "report")).all()) == 4
