"""Certificates: what a paper says, kept word for word, for as long as it may be shown to somebody."""

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk

RevocationKind = Literal["clerical", "fraud"]
ReplacementKind = Literal["name", "lost", "reissue"]
State = Literal["valid", "revoked", "replaced"]


class CertificateForm(Base):
    """How papers look and who signs them from `valid_from` on; immutable, a change is a row of its own.

    In force on a day is the latest `valid_from` that has come, and of several with the same day the last recorded.
    """

    __tablename__ = "certificate_form"

    id: Mapped[int] = pk()
    valid_from: Mapped[date]
    superior_name: Mapped[str] = mapped_column(String(200))
    issuer_name: Mapped[str] = mapped_column(String(200))
    # Ends the number, and names the series: HS-SKHCN.
    symbol: Mapped[str] = mapped_column(String(20))
    # The line above the signer's title where somebody signs for another: KT. GIÁM ĐỐC (Nghị định 30/2020, Phụ lục I).
    signer_authority: Mapped[str] = mapped_column(String(120), default="")
    # Empty: as SIGNER_TITLE and SIGNER_NAME say.
    signer_title: Mapped[str] = mapped_column(String(120), default="")
    signer_name: Mapped[str] = mapped_column(String(120), default="")
    # A picture of the signature, PNG: where it lies in storage.
    signature_key: Mapped[str | None] = mapped_column(String(200))
    # For courses that name no title of their own.
    title: Mapped[str] = mapped_column(String(200))
    # Sentences; {names} are filled in (wording.PLACEHOLDERS).
    lead: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(300), default="")
    # Of the title: #b3402f.
    colour: Mapped[str] = mapped_column(String(7))
    # A circle beside the signer where the seal goes.
    has_seal_place: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime]
    account_id: Mapped[int | None]


class CertificateSeries(Base):
    """The last number of an issuer's year; taken in the transaction that issues: no gaps and no doubles."""

    __tablename__ = "certificate_series"

    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class Certificate(Base):
    """An issued certificate; immutable (DESIGN 4.5). Revocation and replacement are rows of their own."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("completion_id", "edition"),
        Index(None, "person_id"),
        Index(None, "issued_on", "completion_id"),
    )

    id: Mapped[int] = pk()
    # At least 128 random bits: knowing it is the right to see the public page.
    code: Mapped[str] = mapped_column(String(40), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"))
    # 1, and one more for each that replaced an earlier one.
    edition: Mapped[int] = mapped_column(default=1)
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
    # The last day the completion counts. Null: for ever, or a paper from before papers said so.
    valid_until: Mapped[date | None]
    issued_on: Mapped[date]
    # The letterhead of the day: the body above the issuer, and the issuer.
    superior_name: Mapped[str] = mapped_column(String(200))
    issuer_name: Mapped[str] = mapped_column(String(200))
    signer_authority: Mapped[str] = mapped_column(String(120), default="")
    signer_name: Mapped[str] = mapped_column(String(120))
    signer_title: Mapped[str] = mapped_column(String(120))
    # Nothing for papers from before there were forms: they look as the first one did.
    form_id: Mapped[int | None] = mapped_column(ForeignKey("certificate_form.id"))
    template_version: Mapped[str] = mapped_column(String(20))
    recorded_at: Mapped[datetime]

    form: Mapped["CertificateForm | None"] = relationship()
    document: Mapped["CertificateDocument | None"] = relationship()
    revocation: Mapped["CertificateRevocation | None"] = relationship()
    replacement: Mapped["CertificateReplacement | None"] = relationship(
        foreign_keys="CertificateReplacement.certificate_id"
    )

    @property
    def state(self) -> State:
        if self.revocation:
            return "revoked"
        return "replaced" if self.replacement else "valid"


class CertificateDocument(Base):
    """The PDF made from a certificate; its hash lets anyone compare a copy."""

    __tablename__ = "certificate_document"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    # The certificate (X.509) whose key signed the file; nothing for files from before papers were signed.
    signed_by: Mapped[str | None] = mapped_column(ForeignKey("certificate_key.id"))


class CertificateRevocation(Base):
    """`kind` clerical leaves the completion; fraud annuls it."""

    __tablename__ = "certificate_revocation"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    kind: Mapped[RevocationKind] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime]
    account_id: Mapped[int | None]


class CertificateReplacement(Base):
    """A certificate that another one stands for now: its name was wrong, it was lost, or its form was."""

    __tablename__ = "certificate_replacement"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    new_certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), unique=True)
    kind: Mapped[ReplacementKind] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]
    account_id: Mapped[int | None]

    new_certificate: Mapped[Certificate] = relationship(foreign_keys=[new_certificate_id])


class CertificateKey(Base):
    """A public key that speaks for this platform, kept for ever: what it signed stays true after another took over.

    `statement`: the 32 bytes of an Ed25519 key, for QR codes. `paper`: an X.509 certificate (DER), for PDF files.
    """

    __tablename__ = "certificate_key"

    # The first 8 hexadecimal digits of a statement key's SHA-256; all 64 of a paper key's.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[Literal["statement", "paper"]] = mapped_column(String(10))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    # Made by the platform itself for want of one the operator provides.
    is_trial: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]


class CertificateFile(Base):
    """A file or a batch somebody asked for, done by a job. A file is kept for a week.

    `what`: register (sổ cấp), papers (many papers in one PDF), reissue (no file: certificates made anew).
    """

    __tablename__ = "certificate_file"

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    what: Mapped[Literal["register", "papers", "reissue"]] = mapped_column(String(10))
    format: Mapped[str] = mapped_column(String(6))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text, default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    created_at: Mapped[datetime]
    count: Mapped[int | None]
    size: Mapped[int | None]
    storage_key: Mapped[str | None] = mapped_column(String(200))
