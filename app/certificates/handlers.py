"""What certificates do when they hear of learning."""

from sqlalchemy.orm import Session

from app.certificates import service
from app.learning.events import CompletionAnnulled, CoursesCompleted


def issue_on_completion(db: Session, event: CoursesCompleted) -> None:
    """Completed courses bring their certificates in the same transaction; each PDF follows by a job."""
    service.order_pdfs(db, service.issue(db, service.earning(db, event.completion_ids)))


def revoke_on_annulment(db: Session, event: CompletionAnnulled) -> None:
    """No paper stays valid for a completion that does not count any more."""
    service.revoke_after_annulment(db, event.completion_id, fraud=event.fraud)
