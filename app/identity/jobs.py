"""Background work of this domain."""

from app.core.jobs import JobFunction
from app.identity import access_log, people_imports, sheet_imports

JOBS: dict[str, JobFunction] = {
    people_imports.PEOPLE.job: people_imports.run_import,
    "identity.forget_imports": sheet_imports.forget_imports,
    "identity.forget_access": access_log.forget_access,
}
