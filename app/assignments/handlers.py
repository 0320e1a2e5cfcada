"""News from below that changes who stands on a list, or who has fulfilled it."""

from sqlalchemy.orm import Session

from app.assignments.members import keep_list, open_rounds, settle_people
from app.core import clock, jobs
from app.identity.events import AffiliationsChanged, PeopleMerged, PeopleUnmerged, UnitsReorganised
from app.learning.events import CompletionAnnulled, CoursesCompleted

# More people than this at once (an import) are looked at by the job that looks at everybody.
_FEW = 50


def note_completion(db: Session, event: CoursesCompleted) -> None:
    settle_people(db, event.person_ids)


def note_annulment(db: Session, event: CompletionAnnulled) -> None:
    settle_people(db, [event.person_id])


def note_affiliations(db: Session, event: AffiliationsChanged) -> None:
    if len(event.person_ids) > _FEW:
        order_all_lists(db)
        return
    for round_ in open_rounds(db, clock.today()):
        keep_list(db, round_, event.person_ids)


def note_merge(db: Session, event: PeopleMerged | PeopleUnmerged) -> None:
    for round_ in open_rounds(db, clock.today()):
        keep_list(db, round_, event.person_ids)


def note_reorganisation(db: Session, event: UnitsReorganised) -> None:
    order_all_lists(db)


def order_all_lists(db: Session) -> None:
    jobs.enqueue(db, "assignments.keep_lists", unique_key="assignments.keep_lists")
