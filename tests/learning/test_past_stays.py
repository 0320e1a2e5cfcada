"""Editing a course, deleting a lesson, moving a person: nothing of it changes a byte of what was completed before."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalogue.source import CompletionRule
from app.core import events
from app.identity.people.people import add_affiliation, end_affiliation
from app.learning.service import enrol, move_to_published
from app.main import HANDLERS
from tests import factories
from tests.learning import making

FACTS = ("completion", "completion_post", "certificate")


def facts(db: Session) -> dict[str, list[Any]]:
    db.flush()
    return {table: [tuple(row) for row in db.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))] for table in FACTS}


def test_the_past_stays_as_it_was(db: Session) -> None:
    events.wire(HANDLERS)
    account = factories.civil_servant(db)
    first = making.course(db, making.READ, making.WATCH)
    enrolment = enrol(db, account.person_id, first.course_id)
    factories.completion(db, account.person, first, date(2026, 5, 4))
    before = facts(db)
    assert all(before.values())

    making.course(db, making.READ, tags=("KHAC",), certificate_rule="none", completion=CompletionRule(valid_months=1))
    move_to_published(db, enrolment)
    (post,) = account.person.affiliations
    end_affiliation(db, post, date(2026, 6, 30))
    elsewhere = factories.unit_id(db, "09187")
    add_affiliation(
        db, account.person, elsewhere, title="Phó phòng", audiences=("CBCC",), started_on=date(2026, 7, 1)
    )  # fmt: skip
    account.person.name = "Tên Mới Hẳn"

    assert facts(db) == before
