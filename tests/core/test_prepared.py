"""Queries handed straight to the driver answer as SQLAlchemy's own way does."""

from datetime import UTC, datetime
from typing import cast

import pytest
from sqlalchemy import Table, bindparam, column, inspect, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.jobs import Job, enqueue
from app.core.prepared import Prepared, loaded

_JOB = cast(Table, Job.__table__)
_WHOLE = select(_JOB).where(_JOB.c.id == bindparam("id"))
_THESE = select(_JOB.c.kind, _JOB.c.id).where(_JOB.c.id.in_(bindparam("ids", expanding=True))).order_by(_JOB.c.id)


@pytest.fixture
def job(db: Session) -> Job:
    known = db.get(Job, enqueue(db, "thu", so=1))
    assert known
    db.commit()
    return known


def test_a_row_is_what_sqlalchemy_reads(db: Session, job: Job) -> None:
    found = Prepared(_WHOLE).first(db, id=job.id)
    assert tuple(found) == tuple(db.connection().execute(_WHOLE, {"id": job.id}).one())
    assert found.args == {"so": 1}
    assert found.created_at.tzinfo is UTC


def test_a_list_may_be_empty_or_long(db: Session, job: Job) -> None:
    these = Prepared(_THESE)
    assert these.all(db, ids=[]) == []
    assert these.scalars(db, ids=[job.id, *range(10_000, 10_300)]) == ["thu"]
    assert these.scalar(db, ids=[-1]) is None


def test_columns_of_one_name_are_told_apart_by_place(db: Session, job: Job) -> None:
    other = _JOB.alias()
    pair = Prepared(select(_JOB.c.id, other.c.id).where(_JOB.c.id == other.c.id, _JOB.c.id == bindparam("id")))
    assert tuple(pair.first(db, id=job.id)) == (job.id, job.id)


def test_what_the_driver_raises_is_known_to_callers(db: Session) -> None:
    nowhere = Prepared(select(column("id")).select_from(table("nowhere")))
    with pytest.raises(DBAPIError, match="nowhere"):
        nowhere.all(db)


def test_a_loaded_object_belongs_to_the_session(db: Session, job: Job) -> None:
    db.expunge_all()
    one = loaded(db, Job, Prepared(_WHOLE).first(db, id=job.id))
    assert inspect(one).persistent
    assert not db.is_modified(one)
    assert db.get(Job, job.id) is one
    one.state = "failed"
    db.flush()
    assert db.scalar(select(Job.state).where(Job.id == job.id)) == "failed"


def test_what_is_there_already_stays_as_it_is(db: Session, job: Job) -> None:
    job.finished_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert loaded(db, Job, Prepared(_WHOLE).first(db, id=job.id)) is job
    assert job.finished_at == datetime(2026, 1, 1, tzinfo=UTC)
