"""The database itself refuses to change what was recorded, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.certificates import service
from app.certificates.immutable import TABLES
from app.certificates.models import Certificate, CertificateDocument
from app.core import audit, clock
from app.core.db import Base
from tests import factories
from tests.certificates import making

CHANGES = (
    "UPDATE certificate SET holder_name = 'Người khác'",
    "DELETE FROM certificate",
    "UPDATE certificate_document SET sha256 = ''",
    "DELETE FROM certificate_document",
    "UPDATE certificate_revocation SET kind = 'clerical'",
    "DELETE FROM certificate_revocation",
    "UPDATE completion SET completed_on = '2020-01-01'",
    "DELETE FROM completion",
    "UPDATE completion_post SET unit_id = 1",
    "DELETE FROM completion_post",
    "UPDATE completion_annulment SET reason = ''",
    "DELETE FROM completion_annulment",
    "UPDATE audit_entry SET action = ''",
    "DELETE FROM audit_entry",
)


@pytest.fixture
def guarded(db: Session) -> Session:
    """A revoked certificate with its document."""
    holder = factories.person(db)
    factories.post(db, holder)
    issued = making.certificate(db, holder)
    db.add(CertificateDocument(certificate_id=issued.id, sha256="0" * 64, size=1, storage_key="x", made_at=clock.now()))
    service.revoke(db, issued, "fraud", "Thi hộ", None)
    audit.record(db, "test", "certificate", issued.id)
    db.flush()
    return db


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_recorded_cannot_be_changed(guarded: Session, change: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        guarded.execute(text(change))


def test_a_certificate_changed_in_python_is_refused_too(guarded: Session) -> None:
    issued = guarded.query(Certificate).one()
    issued.course_title = "Khóa học khác"
    with pytest.raises(IntegrityError, match="append-only"):
        guarded.flush()


def test_every_append_only_table_is_guarded_in_a_fresh_installation(db: Session) -> None:
    assert set(TABLES) <= set(Base.metadata.tables)
    if db.get_bind().dialect.name == "sqlite":
        triggers = set(db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
        wanted = {f"{table}_refuses_{change}" for table in TABLES for change in ("update", "delete")}
    else:
        triggers = set(db.scalars(text("SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger")))
        wanted = {f"{table} {table}_refuses_change" for table in TABLES}
    assert wanted <= triggers
