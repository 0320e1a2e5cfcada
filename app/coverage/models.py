"""Indicators of the plan and the append-only ledger their figures are sums of."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, pk


class Indicator(Base):
    """A target of a plan (chỉ tiêu), addressed by its full series code such as BG-CBCC."""

    __tablename__ = "indicator"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    # Where it stands on the dashboard, after the order of the plans.
    position: Mapped[int] = mapped_column(default=0)
    plan: Mapped[str] = mapped_column(Text)
    # A few words for a list; `name` is the sentence of the plan.
    title: Mapped[str] = mapped_column(String(120), default="")
    name: Mapped[str] = mapped_column(Text)
    source_section: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")


class IndicatorVersion(Base):
    """How an indicator is counted, for whole periods (DESIGN 5).

    `figure_source`: computed here, or taken from a declared, survey or vneid figure, or not_measured at all.
    `counts`: {"tags": […], "programmes": […], "courses": […], "how": ["online", "class", …]}; an empty list of the
    first three means no restriction by it, and any one of the non-empty ones suffices. {} means that nothing of ours
    is counted; a survey indicator may count all the same: both figures stand side by side.
    `targets`: [{"year": 2025, "operator": ">=", "value": 100.0}] in `target_unit`.
    """

    __tablename__ = "indicator_version"
    __table_args__ = (UniqueConstraint("indicator_code", "number"),)

    id: Mapped[int] = pk()
    indicator_code: Mapped[str] = mapped_column(ForeignKey("indicator.code"))
    number: Mapped[int]
    measure: Mapped[str] = mapped_column(String(10))  # people, units, yes_no, none
    # Codes of audiences, any one of which suffices; empty: open to everyone.
    audiences: Mapped[list[str]] = mapped_column(JSON)
    # Kinds of units that are counted, where `measure` is units.
    unit_kinds: Mapped[list[str]] = mapped_column(JSON)
    former_province_code: Mapped[str | None] = mapped_column(String(4))
    recurrence: Mapped[str] = mapped_column(String(20))  # annual, cumulative_ever, cumulative_valid, none
    denominator: Mapped[str] = mapped_column(String(10))  # roster, declared, none
    # Which population is the declared denominator (data/populations.csv).
    population_code: Mapped[str | None] = mapped_column(String(30))
    figure_source: Mapped[str] = mapped_column(String(12))  # computed, declared, survey, vneid, not_measured
    # Only a part of what the plan asks can be measured: reaching the target proves nothing, missing it does.
    is_partial: Mapped[bool]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    target_unit: Mapped[str] = mapped_column(String(10))  # percent, count, yes_no
    targets: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    valid_from_year: Mapped[int]
    valid_to_year: Mapped[int | None]
    recorded_at: Mapped[datetime]
    # Nobody's: it came with the plan.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # Why it is counted so from now on, and by which document; "" for what came with the plan.
    reason: Mapped[str] = mapped_column(Text, default="")


class DeclaredFigure(Base):
    """A number somebody answers for, with its day and document; appended, never changed (DESIGN 5, Denominators).

    `subject`: the code of a population (a denominator) or of an indicator (its result). `value` is a count, a
    percentage or, for yes and no, 1 and 0. A correction is a new row that names the old one.
    """

    __tablename__ = "declared_figure"
    __table_args__ = (
        Index(None, "subject", "unit_id", "as_of"),
        CheckConstraint("value >= 0", name="not_negative"),
    )

    id: Mapped[int] = pk()
    subject: Mapped[str] = mapped_column(String(30))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    as_of: Mapped[date]
    value: Mapped[float]
    is_approximate: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    # Nobody's: it came with the plan.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("declared_figure.id"))


class CoverageEntry(Base):
    """One step of a figure, +1 or −1, appended and never changed.

    `measure`: roster (member of the audience), coverage (member who holds an earning completion), output (distinct
    learners by the unit of the day they completed). `period`: the year, or "" for the roster and for what counts once
    for ever.
    """

    __tablename__ = "coverage_entry"
    __table_args__ = (
        Index("ix_coverage_entry_subject", "indicator_version_id", "person_id", "measure", "period"),
        # With the last two, who is missing at a unit is read from the index alone.
        Index(
            "ix_coverage_entry_unit", "indicator_version_id", "measure", "period", "unit_id", "effective_on",
            "person_id", "sign",
        ),
    )  # fmt: skip

    id: Mapped[int] = pk()
    indicator_version_id: Mapped[int] = mapped_column(ForeignKey("indicator_version.id"))
    measure: Mapped[str] = mapped_column(String(10))
    period: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    completion_id: Mapped[int | None] = mapped_column(ForeignKey("completion.id"))
    sign: Mapped[int]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    cause: Mapped[str] = mapped_column(String(30))


class CoverageRollup(Base):
    """Sums of the ledger by unit and half-month, kept in the same transaction; `half_month` is its first day."""

    __tablename__ = "coverage_rollup"
    __table_args__ = (UniqueConstraint("indicator_version_id", "measure", "period", "unit_id", "half_month"),)

    id: Mapped[int] = pk()
    indicator_version_id: Mapped[int] = mapped_column(ForeignKey("indicator_version.id"))
    measure: Mapped[str] = mapped_column(String(10))
    period: Mapped[str] = mapped_column(String(10))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    half_month: Mapped[date]
    total: Mapped[int]


class CoverageUnsettled(Base):
    """What entries of one transaction add to a unit on a day, until a job has moved it into the balances.

    Appended with the entries themselves: nobody who finishes a course waits for a row that others change too.
    """

    __tablename__ = "coverage_unsettled"

    id: Mapped[int] = pk()
    indicator_version_id: Mapped[int] = mapped_column(ForeignKey("indicator_version.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    day: Mapped[date]
    roster: Mapped[int]
    coverage: Mapped[int]
    output: Mapped[int]


class CoverageBalance(Base):
    """What counts at a unit at the end of `day`, and of each day after it until the next row.

    Of the unit by itself, or (`is_subtree`) with all that counts under it on the map that is kept (CoverageBook). What
    is counted anew each year is that of the year of `day`: the first of January brings it back to nothing, without a
    row.
    """

    __tablename__ = "coverage_balance"
    __table_args__ = {"sqlite_with_rowid": False}

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    is_subtree: Mapped[bool] = mapped_column(primary_key=True)
    indicator_version_id: Mapped[int] = mapped_column(
        ForeignKey("indicator_version.id"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    roster: Mapped[int]
    coverage: Mapped[int]
    output: Mapped[int]


class CoverageMonth(Base):
    """The last balance of a month, once more: what many units have, or one had month after month, side by side.

    It stands at the ends of the month of `day` and of all months through that of `until`, a first day of a month; of an
    account's newest `until` is NO_END (counting/balances.py), which is where figures of today are found.
    """

    __tablename__ = "coverage_month"
    __table_args__ = {"sqlite_with_rowid": False}

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    is_subtree: Mapped[bool] = mapped_column(primary_key=True)
    indicator_version_id: Mapped[int] = mapped_column(
        ForeignKey("indicator_version.id"), primary_key=True, autoincrement=False
    )
    until: Mapped[date] = mapped_column(primary_key=True)
    day: Mapped[date]
    roster: Mapped[int]
    coverage: Mapped[int]
    output: Mapped[int]


class CoveragePlace(Base):
    """The balance of `ancestor` with its subtree holds that of `descendant` by itself; itself is one of them.

    Only of units that have others under them. What UnitClosure says of one day, as far as the balances have followed.
    """

    __tablename__ = "coverage_place"
    __table_args__ = (Index(None, "descendant_id", "ancestor_id"), {"sqlite_with_rowid": False})

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)


class CoverageBook(Base):
    """How far the balances are; one row, or none before they were ever made.

    They are made from the entries up to `entry_id` (null: not begun), of which `unsettled_id` is the last that waited
    to be moved; so far for the units up to `unit_id_done`, for all of them once `is_made`. The balances of subtrees are
    right for maps from `map_from` until the day before `map_to` while `tree_number`, which every change of the unit
    tree raises, is still the `map_number` they followed.
    """

    __tablename__ = "coverage_book"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    entry_id: Mapped[int | None]
    unsettled_id: Mapped[int] = mapped_column(default=0)
    unit_id_done: Mapped[int] = mapped_column(default=0)
    is_made: Mapped[bool] = mapped_column(default=False)
    tree_number: Mapped[int] = mapped_column(default=1)
    map_number: Mapped[int] = mapped_column(default=0)
    map_from: Mapped[date | None]
    map_to: Mapped[date | None]


class CoveragePending(Base):
    """A person whose figures could not be judged with the completion; retried, and shown to the operator."""

    __tablename__ = "coverage_pending"

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class ExportFile(Base):
    """A file somebody asked for; made by a job, kept for a while."""

    __tablename__ = "export_file"

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    what: Mapped[str] = mapped_column(String(30))
    format: Mapped[str] = mapped_column(String(10))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    created_at: Mapped[datetime]
    rows: Mapped[int | None]
    size: Mapped[int | None]
    storage_key: Mapped[str | None] = mapped_column(String(200))
