"""Background work of this domain."""

from app.core.jobs import JobFunction
from app.identity.codes import slips
from app.identity.imports import work
from app.identity.lists import sheet_imports
from app.identity.lists.people_imports import PEOPLE
from app.identity.people import likeness
from app.identity.sign_in import access_log, contacts, idling

JOBS: dict[str, JobFunction] = {
    PEOPLE.job: work.run_import,
    "identity.forget_imports": sheet_imports.forget_imports,
    "identity.make_slips": slips.make_slips,
    "identity.forget_slips": slips.forget_slips,
    "identity.note_likeness": likeness.note_likeness,
    "identity.forget_access": access_log.forget_access,
    "identity.disable_idle": idling.disable_idle,
    "identity.forget_contact_checks": contacts.forget_checks,
}
