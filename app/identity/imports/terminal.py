"""A list of people from the command line: the same parts as from the browser (work.py), done here instead of by a job.

Whoever ends the command early runs it again with the same file: it goes on with the rows that are left.
"""

import hmac
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.errors import CommandFailed, Invalid
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.tables import sheet_name
from app.identity.imports.work import read, work
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.sheet_imports import forget_list
from app.identity.models import PeopleImport
from app.identity.sealing import derived_key, seal_file


@dataclass(frozen=True)
class Done:
    """A list whose rows and results are kept until `forget`. `sheet`: its first; `counts` as of work.counts_of."""

    import_id: int
    source_key: str
    file: str
    sheet: str
    counts: dict[str, int]


@dataclass(frozen=True)
class _Here:
    database: Database
    storage: Storage
    tell: Callable[[str], None]

    def progress(self, _ratio: float, text: str = "") -> None:
        self.tell(text)

    def beat(self) -> None:
        """Nobody waits for a sign of life."""


def import_file(
    database: Database, storage: Storage, path: Path, *, dry_run: bool, progress: Callable[[str], None]
) -> Done:
    """Check all rows of a workbook and, unless it is a dry run, apply them; goes on where an earlier try was ended.

    Raises Invalid for a workbook that cannot be read as a list, CommandFailed for a dry run of a list half applied.
    """
    content = path.read_bytes()
    # The same file is the same list, whatever it is called now.
    key = f"imports/command-{hmac.digest(derived_key('import'), content, 'sha256').hex()}.sealed"
    with database.writing() as db:
        wish = _unfinished(db, key) or _begun(db, path.name, key)
        import_id, stage = wish.id, wish.stage
    if dry_run and stage in ("applying", "applied"):
        raise CommandFailed(
            _("Lần nhập trước của tệp này bị ngắt giữa chừng. Hãy chạy lại không có --dry-run để nhập nốt.")
        )
    here = _Here(database, storage, progress)
    try:
        if stage == "reading":
            storage.put(key, io.BytesIO(seal_file(content)))
            read(here, import_id)
        first_sheet = sheet_name(path)
    except Invalid:
        forget_list(database, storage, import_id, key)
        raise
    if stage in ("reading", "checking"):
        work(here, import_id, "checking", is_operator=True)
    if not dry_run:
        with database.writing() as db:
            wish = db.get_one(PeopleImport, import_id, with_for_update=True)
            if wish.stage == "checked":
                wish.stage, wish.dry_run, wish.applied_at = "applying", False, clock.now()
        work(here, import_id, "applying", is_operator=True)
    with database.reading() as db:
        wish = db.get_one(PeopleImport, import_id)
        if wish.stage != ("checked" if dry_run else "applied"):
            raise CommandFailed(_("Một lệnh khác đang nhập chính tệp này."))
        return Done(import_id, key, path.name, first_sheet, wish.outcome)


def forget(database: Database, storage: Storage, done: Done) -> None:
    """Delete the rows of a list and its first passwords."""
    forget_list(database, storage, done.import_id, done.source_key)


def _unfinished(db: Session, key: str) -> PeopleImport | None:
    return db.scalars(select(PeopleImport).where(PeopleImport.source_key == key)).first()


def _begun(db: Session, file_name: str, key: str) -> PeopleImport:
    wish = PeopleImport(
        kind=PEOPLE.name, file_name=file_name[:200], dry_run=True, created_at=clock.now(), outcome={}, source_key=key,
        stage="reading",
    )  # fmt: skip
    db.add(wish)
    db.flush()
    return wish
