"""Certificates: what a paper says, kept word for word, for as long as it may be shown to somebody."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk

RevocationKind = Literal["clerical", "fraud"]


class CertificateSeries(Base):
    """The next number of a year; taken in the transaction that issues, so there are no gaps and no doubles."""

    __tablename__ = "certificate_series"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class Certificate(Base):
    """An issued certificate; immutable (DESIGN 4.5). Revocation and replacement are rows of their own."""

    __tablename__ = "certificate"
    __table_args__ = (Index(None, "person_id"), Index(None, "issued_on", "completion_id"))

    id: Mapped[int] = pk()
    # At least 128 random bits: knowing it is the right to see the public page.
    code: Mapped[str] = mapped_column(String(40), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    holder_name: Mapped[str] = mapped_column(String(120))
    folded_holder_name: Mapped[str] = mapped_column(String(120))
    # 1985-03-02, or 1985 where only the year is known; sealed under the holder's key, masked on the public page.
    sealed_birth_date: Mapped[bytes | None] = mapped_column(LargeBinary)
    holder_title: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    unit_name: Mapped[str] = mapped_column(String(300))
    title: Mapped[str] = mapped_column(String(200))
    course_title: Mapped[str] = mapped_column(String(200))
    course_version_number: Mapped[int]
    hours: Mapped[float]
    score_percent: Mapped[float | None]
    completed_on: Mapped[date]
    issued_on: Mapped[date]
    # The letterhead of the day: the body above the issuer, and the issuer.
    superior_name: Mapped[str] = mapped_column(String(200))
    issuer_name: Mapped[str] = mapped_column(String(200))
    signer_name: Mapped[str] = mapped_column(String(120))
    signer_title: Mapped[str] = mapped_column(String(120))
    template_version: Mapped[str] = mapped_column(String(20))
    recorded_at: Mapped[datetime]

    document: Mapped["CertificateDocument | None"] = relationship()
    revocation: Mapped["CertificateRevocation | None"] = relationship()

    @property
    def state(self) -> Literal["valid", "revoked"]:
        return "revoked" if self.revocation else "valid"


class CertificateDocument(Base):
    """The PDF made from a certificate; its hash lets anyone compare a copy."""

    __tablename__ = "certificate_document"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]


class CertificateRevocation(Base):
    """`kind` clerical leaves the completion; fraud annuls it."""

    __tablename__ = "certificate_revocation"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    kind: Mapped[RevocationKind] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime]
    account_id: Mapped[int | None]
