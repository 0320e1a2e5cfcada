"""Background work of this domain."""

from app.core.jobs import JobFunction
from app.identity import people_imports, sheet_imports

JOBS: dict[str, JobFunction] = {
    people_imports.PEOPLE.job: people_imports.run_import,
    "identity.forget_imports": sheet_imports.forget_imports,
}
