"""Background work of this domain."""

from app.core.jobs import JobFunction
from app.identity import people_imports

JOBS: dict[str, JobFunction] = {
    people_imports.JOB: people_imports.run_import,
    "identity.forget_imports": people_imports.forget_imports,
}
