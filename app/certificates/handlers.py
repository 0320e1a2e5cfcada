"""What certificates do when they hear of learning."""

from sqlalchemy.orm import Session

from app.certificates import service
from app.learning.events import CompletionAnnulled, CourseCompleted


def issue_on_completion(db: Session, event: CourseCompleted) -> None:
    """A completed course brings its certificate in the same transaction; the PDF follows by a job."""
    if service.is_earned(db, event.completion_id):
        service.order_pdf(db, service.issue(db, event.completion_id))


def revoke_on_annulment(db: Session, event: CompletionAnnulled) -> None:
    """No paper stays valid for a completion that does not count any more."""
    service.revoke_after_annulment(db, event.completion_id, fraud=event.fraud)
