"""Which enrolment in a course a learner goes on with, where two records of theirs (identity/records.py) have one."""

from typing import Any, cast

from sqlalchemy import ColumnElement, Table, exists

from app.learning.models import Completion, Enrolment

_ENROLMENT, _COMPLETION = (cast(Table, model.__table__) for model in (Enrolment, Completion))


def going_on() -> tuple[ColumnElement[Any], ...]:
    """The order in which they come: the latest round, then one that was completed, then the one last worked in.

    Both are kept; the pages show the first.
    """
    is_completed = exists().where(
        _COMPLETION.c.person_id == _ENROLMENT.c.person_id, _COMPLETION.c.enrolment_id == _ENROLMENT.c.id
    )
    return _ENROLMENT.c.round.desc(), is_completed.desc(), _ENROLMENT.c.last_active_at.desc(), _ENROLMENT.c.id.asc()
