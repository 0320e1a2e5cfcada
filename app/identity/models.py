"""Units with history, people with posts, accounts with roles."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.access import UnitClosure
from app.core.db import Base, pk

# --- units --------------------------------------------------------------------------------------------------------


class Unit(Base):
    """An organisation or place through all its names: the identity a code does not give (DESIGN 4.6)."""

    __tablename__ = "unit"

    id: Mapped[int] = pk()
    # Our own stable text key, from the cleaned tables or made for units entered here.
    key: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]


class UnitVersion(Base):
    """What a unit was called and where it belonged from `valid_from` until the day before `valid_to`."""

    __tablename__ = "unit_version"
    __table_args__ = (
        Index(None, "unit_id", "valid_from", unique=True),
        Index(None, "code", "valid_from"),
        Index(None, "parent_id"),
        Index(None, "folded_name"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="not_empty"),
    )

    id: Mapped[int] = pk()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    folded_name: Mapped[str] = mapped_column(String(200))
    # province, district, commune, agency, department, school, health, enterprise, village, team
    kind: Mapped[str] = mapped_column(String(20))
    # The Vietnamese word of the kind: Tỉnh, Thành phố, Huyện, Thị xã, Xã, Phường, Thị trấn, Sở …
    type_name: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # 24 or 27 where origin can still be told; empty for the merged province and its agencies (DESIGN 5).
    former_province_code: Mapped[str | None] = mapped_column(String(4))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    resolution: Mapped[str] = mapped_column(String(120), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]


class UnitEdge(Base):
    """Lineage: on `effective_on`, `from_unit` went into `to_unit`; `flags` say how (merged|renamed, absorbed, split …).

    From a unit to itself: it lives on, changed. To nothing: it ended and left no successor.
    """

    __tablename__ = "unit_edge"
    __table_args__ = (Index(None, "from_unit_id"), Index(None, "to_unit_id"))

    id: Mapped[int] = pk()
    effective_on: Mapped[date]
    from_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    to_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    flags: Mapped[str] = mapped_column(String(80))
    # Part of the old unit that went this way, 0 to 1; shares apply to declared figures only (DESIGN 5). Empty: a split
    # whose shares nobody has published.
    share: Mapped[float | None]
    resolution: Mapped[str] = mapped_column(String(120), default="")
    confidence: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]


class UnitAct(Base):
    """One reorganisation somebody entered: what was decided, and which rows it wrote, so that it can be undone."""

    __tablename__ = "unit_act"

    id: Mapped[int] = pk()
    verb: Mapped[str] = mapped_column(String(10))  # a key of reorganisation_queries.VERBS
    effective_on: Mapped[date]
    decision: Mapped[str] = mapped_column(String(120))
    # The names of the units before and after, as the list of acts tells them.
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    # A reorganising.Written.
    wrote: Mapped[dict[str, Any]] = mapped_column(JSON)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    undone_at: Mapped[datetime | None]


# --- people -------------------------------------------------------------------------------------------------------


class Audience(Base):
    """A group of people a programme is meant for (nhóm đối tượng), e.g. CBCC."""

    __tablename__ = "audience"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")


class Person(Base):
    """A human being. Identity fields are sealed under a key of their own; erasing that key erases them (DESIGN 4.9)."""

    __tablename__ = "person"
    __table_args__ = (Index(None, "folded_name"), Index(None, "sort_name"), Index(None, "likeness"))

    id: Mapped[int] = pk()
    # Opaque and stable, for exports and scripts.
    ref: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    folded_name: Mapped[str] = mapped_column(String(120))
    sort_name: Mapped[str] = mapped_column(Text)
    sex: Mapped[str | None] = mapped_column(String(6))  # male, female
    # The person's own key, wrapped by the field key; and {birth_date, phone, email, identity} sealed by it as JSON.
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    # They made this record themselves: what it says is unverified, and no import may take them for somebody of a list.
    signed_up_at: Mapped[datetime | None]
    declared_group: Mapped[str | None] = mapped_column(String(10))  # a key of sign_up.GROUPS: what they do
    # Erased on request (personal.py): the key is destroyed, the name gone, the row stands for somebody who was counted.
    erased_at: Mapped[datetime | None]
    # A keyed hash of the name without marks and the birth date, by which people entered twice are found; b"" without a
    # whole date, None until a job has looked (likeness.py).
    likeness: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    lookups: Mapped[list["PersonLookup"]] = relationship(cascade="all, delete-orphan")
    affiliations: Mapped[list["Affiliation"]] = relationship(back_populates="person")


class PersonLookup(Base):
    """Finds a person by a sealed field: a keyed hash, useless without the field key."""

    __tablename__ = "person_lookup"
    __table_args__ = (UniqueConstraint("kind", "digest"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(10))  # identity, phone, email
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    # They showed that they are reached there (sign_in/contacts.py). Another contact is another row, not yet verified.
    verified_at: Mapped[datetime | None]


class ContactCheck(Base):
    """A phone or email somebody is asked to show theirs: the one they have or the one they want. Gone once shown."""

    __tablename__ = "contact_check"
    __table_args__ = (UniqueConstraint("person_id", "kind"), Index(None, "ends_at"))

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(10))  # phone, email
    sealed_contact: Mapped[bytes] = mapped_column(LargeBinary)
    # Random; the code and the link are computed from it and the keys of this installation.
    seed: Mapped[str] = mapped_column(String(40))
    ends_at: Mapped[datetime]
    try_count: Mapped[int] = mapped_column(default=0)


class MergedRecord(Base):
    """A person who is one of several records of the same human being, shown as `holder_id`, which is one of them.

    Made anew from PersonMerge at each merge and undoing (merging.py); whoever was never merged has no row here.
    """

    __tablename__ = "merged_record"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class PersonMerge(Base):
    """Somebody found that two records are one human being: `alias_id` is shown as `person_id` until it is undone.

    `swapped`: the fields that the two exchanged (merging.FIELDS); the sealed values are those from before, each under
    its person's key.
    """

    __tablename__ = "person_merge"

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    alias_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    swapped: Mapped[list[str]] = mapped_column(JSON)
    person_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    alias_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(300))
    merged_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    merged_at: Mapped[datetime]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    undone_at: Mapped[datetime | None]


class DistinctPeople(Base):
    """Somebody found that these two, the lower id first, are not the same human being; nobody is asked again."""

    __tablename__ = "distinct_people"

    one_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime]


class Consent(Base):
    """Proof of a consent (law 91/2025): who, to what, in which words, when. One row per purpose."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(String(30))  # a key of sign_up.PURPOSES
    # The words as they were shown, in their language, and the version of them all languages share.
    wording: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Affiliation(Base):
    """A dated post of a person in a unit (vị trí công tác). Its first and last day both count."""

    __tablename__ = "affiliation"
    __table_args__ = (
        # All that "who holds a post where today" asks: neither has to look at the rows themselves.
        Index(None, "person_id", "started_on", "ended_on", "unit_id"),
        Index(None, "unit_id", "started_on", "ended_on", "person_id"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="not_empty"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(String(120), default="")
    is_leader: Mapped[bool] = mapped_column(default=False)
    is_primary: Mapped[bool] = mapped_column(default=True)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    end_recorded_at: Mapped[datetime | None]
    # The first of the posts this one carries on after reorganisations; between two posts its start decides (DESIGN 5).
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("affiliation.id"), index=True)

    person: Mapped[Person] = relationship(back_populates="affiliations")
    audiences: Mapped[list["AffiliationAudience"]] = relationship(cascade="all, delete-orphan")


class AffiliationAudience(Base):
    """The post puts its holder in this audience."""

    __tablename__ = "affiliation_audience"

    affiliation_id: Mapped[int] = mapped_column(ForeignKey("affiliation.id"), primary_key=True)
    audience_code: Mapped[str] = mapped_column(ForeignKey("audience.code"), primary_key=True, index=True)


# --- accounts -----------------------------------------------------------------------------------------------------


class Account(Base):
    """The way a person signs in: user name, phone or email, and a password."""

    __tablename__ = "account"

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    # Set with `disabled_at` where nobody used it for long, and only then it can be opened again (sign_in/idling.py).
    idled_at: Mapped[datetime | None]
    idle_warned_at: Mapped[datetime | None]
    reopened_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class SignInSession(Base):
    """One signed-in browser; the cookie holds a random token, this row only its hash."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # It began on a phone that several people use (shared_phone/), and is over soon after its last use.
    is_shared: Mapped[bool] = mapped_column(default=False)
    # Of the last use (last_seen.py).
    address: Mapped[str] = mapped_column(String(60), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class AccessEntry(Base):
    """An access (access_log.py); kept twelve months. `account_id` points nowhere if the account is gone."""

    __tablename__ = "access_entry"
    __table_args__ = (Index(None, "at"), Index(None, "account_id", "at"), Index(None, "address", "at"))

    id: Mapped[int] = pk()
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))  # sign_in, failed, sign_out, use, api
    account_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(60))
    port: Mapped[int | None]


class RoleGrant(Base):
    """A role held at a unit and everything below it, from `starts_on` to `ends_on`; both days count.

    `role` is a key of policy.ROLES. A grant is ended, never deleted: who might do what, and when, stays known. One that
    was taken back on its first day ends before it starts. Of one role at one unit, an account holds one grant a day.
    """

    __tablename__ = "role_grant"
    __table_args__ = (Index(None, "account_id"), Index(None, "unit_id"))

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(30))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    # By accounts; None for what a command or the system did.
    granted_at: Mapped[datetime]
    granted_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]


class PeopleImport(Base):
    """One workbook of people that was checked or applied, and what came of it.

    `kind` names the kind of list (sheet_imports.ListKind), `subject_id` what it belongs to, the class of attendees.
    """

    __tablename__ = "people_import"

    id: Mapped[int] = pk()
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(20), default="people", server_default="people")
    subject_id: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(String(200))
    dry_run: Mapped[bool]
    created_at: Mapped[datetime]
    # {"rows": n, "created": n, "matched": n, "repaired": n, "needs_confirmation": n, "refused": n}
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON)
    source_key: Mapped[str] = mapped_column(String(200))
    result_key: Mapped[str] = mapped_column(String(200), default="")
    # How far a list of people is, which is kept row by row (imports/stages.py); "" for lists of other kinds.
    stage: Mapped[str] = mapped_column(String(10), default="", server_default="")
    applied_at: Mapped[datetime | None]


__all__ = [
    "AccessEntry", "Account", "Affiliation", "AffiliationAudience", "Audience", "Consent", "ContactCheck",
    "DistinctPeople", "MergedRecord", "PeopleImport", "Person", "PersonLookup",
    "PersonMerge", "RoleGrant", "SignInSession", "Unit", "UnitAct", "UnitClosure",
    "UnitEdge", "UnitVersion",
]  # fmt: skip
