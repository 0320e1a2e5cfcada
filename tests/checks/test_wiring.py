"""The lists in main.py hold what the product promises."""

from app.core import events
from app.identity.events import (
    AccountReopened,
    AccountsIdle,
    AffiliationsChanged,
    PeopleMerged,
    PeopleUnmerged,
    ResetCodeIssued,
    RoleChanged,
    SecondFactorRemoved,
    UnitsReorganised,
)
from app.learning.events import CompletionAnnulled, CoursesCompleted
from app.main import HANDLERS, JOBS
from app.media.events import DocumentReady
from app.timetable import CRONS


def test_events_reach_their_handlers_in_this_order() -> None:
    events.wire(HANDLERS)
    heard = {
        event.__name__: [f"{handler.__module__}.{handler.__name__}" for handler in handlers]
        for event, handlers in events.wired().items()
    }
    assert heard == {
        DocumentReady.__name__: ["app.catalogue.handlers.fill_document"],
        CoursesCompleted.__name__: [
            "app.certificates.handlers.issue_on_completion",
            "app.coverage.handlers.count_completion",
            "app.learning.renewals.renew_on_completion",
            "app.assignments.handlers.note_completion",
        ],
        CompletionAnnulled.__name__: [
            "app.certificates.handlers.revoke_on_annulment",
            "app.coverage.handlers.count_annulment",
            "app.learning.renewals.annul_renewals",
            "app.assignments.handlers.note_annulment",
        ],
        AffiliationsChanged.__name__: [
            "app.coverage.handlers.count_affiliations",
            "app.assignments.handlers.note_affiliations",
        ],
        PeopleMerged.__name__: ["app.coverage.handlers.count_merge", "app.assignments.handlers.note_merge"],
        PeopleUnmerged.__name__: ["app.coverage.handlers.count_merge", "app.assignments.handlers.note_merge"],
        UnitsReorganised.__name__: [
            "app.assignments.handlers.note_reorganisation",
            "app.coverage.handlers.count_reorganisation",
        ],
        ResetCodeIssued.__name__: ["app.notices.handlers.tell_of_reset_code"],
        SecondFactorRemoved.__name__: ["app.notices.handlers.tell_of_removed_factor"],
        RoleChanged.__name__: ["app.notices.handlers.tell_of_role"],
        AccountsIdle.__name__: ["app.notices.handlers.tell_of_idle_accounts"],
        AccountReopened.__name__: ["app.notices.handlers.tell_of_reopened_account"],
    }


def test_every_cron_names_a_job_that_exists() -> None:
    assert {cron.kind for cron in CRONS} <= set(JOBS)
