"""Completions enough for an export to be long: those of the simulated province, told again as later rounds."""

from sqlalchemy import Table, func, insert, literal, select
from sqlalchemy.orm import Session

from app.certificates.models import Certificate
from app.core.db import Base, Database
from app.learning.models import Completion, CompletionPost


def grow_to(database: Database, wanted: int) -> None:
    """Copy the completions there are, with their posts and certificates, until there are so many; no less than now.

    A copy keeps everything but what must be unique: its ids follow, its occasion names the copy.
    """
    with database.writing() as db:
        there = db.scalar(select(func.count()).select_from(Completion)) or 0
        step = db.scalar(select(func.max(Completion.id))) or 0
        papers = db.scalar(select(func.max(Certificate.id))) or 0
        copy = 0
        while there < wanted:
            copy += 1
            some = Completion.__table__.c.id <= min(step, wanted - there)  # ids are dense: nothing is ever deleted
            shift, mark = copy * step, f"copy:{copy}"
            _copy(db, Completion, some, id=Completion.id + shift, occasion=literal(mark))
            _copy(
                db, CompletionPost, CompletionPost.completion_id <= min(step, wanted - there),
                completion_id=CompletionPost.completion_id + shift,
            )  # fmt: skip
            _copy(
                db, Certificate, Certificate.completion_id <= min(step, wanted - there),
                id=Certificate.id + copy * papers, completion_id=Certificate.completion_id + shift,
                code=Certificate.code + f"-{copy}", number=Certificate.number + f"-{copy}",
            )  # fmt: skip
            there += min(step, wanted - there)


def _copy(db: Session, model: type[Base], some: object, **other: object) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    columns = [other.get(column.key, column) for column in table.c]
    db.execute(insert(table).from_select(list(table.c.keys()), select(*columns).where(some)))  # type: ignore[call-overload, arg-type]
