"""The rows of lists of people."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class PeopleImportRow(Base):
    """One row of a list of people, from the reading of the workbook until the list is forgotten.

    `stage` is what was last done with it: read, checked, applied, undone. What it says is sealed (imports/rows.py).
    """

    __tablename__ = "people_import_row"
    __table_args__ = (
        Index(None, "import_id", "position", unique=True),
        Index(None, "import_id", "stage", "position"),
        Index(None, "import_id", "outcome", "position"),
        Index(None, "import_id", "problem", "position"),
    )

    id: Mapped[int] = pk()
    import_id: Mapped[int] = mapped_column(ForeignKey("people_import.id"))
    position: Mapped[int]
    stage: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    problem: Mapped[str] = mapped_column(String(20), default="")
    # Somebody said that what looks doubtful in it is right.
    confirmed: Mapped[bool] = mapped_column(default=False)
    applied_at: Mapped[datetime | None]
    # rows.Kept; people_report.RowReport once checked; rows.Wrote once it wrote something.
    given: Mapped[bytes] = mapped_column(LargeBinary)
    report: Mapped[bytes | None] = mapped_column(LargeBinary)
    wrote: Mapped[bytes | None] = mapped_column(LargeBinary)


class PeopleImportKey(Base):
    """What could make two rows of one list the same person: a keyed hash, of no use beyond that list."""

    __tablename__ = "people_import_key"

    digest: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("people_import_row.id"), primary_key=True, index=True)
