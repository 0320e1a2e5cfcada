"""News from below that moves figures. A rule that fails must not cost the learner the completion (DESIGN 5)."""

import logging
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import enqueue
from app.coverage.counting.ledger import reconcile
from app.coverage.counting.settling import note_tree_change
from app.coverage.models import CoveragePending
from app.identity.events import AffiliationsChanged, PeopleMerged, PeopleUnmerged, UnitsReorganised
from app.learning.events import CompletionAnnulled, CoursesCompleted

log = logging.getLogger("hocso.coverage")


def count_completion(db: Session, event: CoursesCompleted) -> None:
    reconcile_safely(db, event.person_ids, "completion")


def count_annulment(db: Session, event: CompletionAnnulled) -> None:
    reconcile_safely(db, [event.person_id], "annulment")


def count_affiliations(db: Session, event: AffiliationsChanged) -> None:
    reconcile_safely(db, event.person_ids, "affiliation")


def count_merge(db: Session, event: PeopleMerged | PeopleUnmerged) -> None:
    reconcile_safely(db, event.person_ids, "merge")


def count_reorganisation(db: Session, event: UnitsReorganised) -> None:
    note_tree_change(db)
    enqueue(db, "coverage.rebuild", unique_key="coverage.rebuild")


def reconcile_safely(db: Session, person_ids: Iterable[int], cause: str) -> None:
    """Reconcile in a savepoint; on failure remember the people, so that a job tries again and the operator sees it."""
    ids = sorted(set(person_ids))
    try:
        with db.begin_nested():
            reconcile(db, ids, cause)
    except Exception as error:
        log.exception("coverage of %s people could not be judged", len(ids))
        _remember(db, ids, f"{type(error).__name__}: {error}"[:500])


def retry_pending(db: Session) -> tuple[int, int]:
    """Try the remembered people again; returns (settled, still waiting). Entries are recorded at this instant."""
    settled = waiting = 0
    for pending in db.scalars(select(CoveragePending).order_by(CoveragePending.id)).all():
        try:
            with db.begin_nested():
                reconcile(db, [pending.person_id], "retry")
                db.delete(pending)
            settled += 1
        except Exception as error:
            pending.tries += 1
            pending.reason = f"{type(error).__name__}: {error}"[:500]
            waiting += 1
    return settled, waiting


def _remember(db: Session, person_ids: Iterable[int], reason: str) -> None:
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    for person_id in person_ids:
        db.execute(
            insert(CoveragePending)
            .values(person_id=person_id, reason=reason, created_at=clock.now(), tries=0)
            .on_conflict_do_nothing(index_elements=["person_id"])
        )
