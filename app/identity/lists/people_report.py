"""What came of an import, row by row: shown on a page, written to a workbook, printed as JSON."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from app.core.i18n import lazy as _
from app.identity.lists.office_mapping import SheetMapping

Outcome = Literal["created", "matched", "repaired", "needs_confirmation", "refused"]

OUTCOMES: dict[Outcome, _] = {
    "created": _("Thêm mới"),
    "matched": _("Đã có"),
    "repaired": _("Đã sửa và nhập"),
    "needs_confirmation": _("Cần xác nhận"),
    "refused": _("Không nhập"),
}


@dataclass(frozen=True)
class SkippedRow:
    """A row that names nobody: what it says, and why it was passed over."""

    sheet: str
    row: int
    text: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """How an office's own workbook was read: its lists with what each column was taken for, and all that was not read.

    `other_sheets`: why, by name. `blank_rows`: how many empty rows stand between and below the others.
    """

    lists: tuple[SheetMapping, ...]
    other_sheets: dict[str, str]
    skipped: tuple[SkippedRow, ...]
    blank_rows: int


# What a row waits for or is refused for, as somebody looks through such rows.
Problem = Literal[
    "",
    "identity_zero",
    "person",
    "scope",
    "name",
    "birth",
    "sex",
    "identity",
    "phone",
    "email",
    "unit",
    "post",
    "start",
]
PROBLEMS: dict[Problem, _] = {
    "identity_zero": _("Số giấy tờ mất số 0"),
    "person": _("Chưa rõ là ai"),
    "name": _("Họ và tên"),
    "birth": _("Ngày sinh"),
    "sex": _("Giới tính"),
    "identity": _("Số CCCD"),
    "phone": _("Điện thoại"),
    "email": _("Email"),
    "unit": _("Đơn vị"),
    "post": _("Chức vụ, nhóm đối tượng"),
    "start": _("Ngày bắt đầu"),
    "scope": _("Cần tỉnh xác nhận"),
}
PROBLEM_OF_COLUMN: dict[str, Problem] = {
    "Họ và tên": "name", "Ngày sinh": "birth", "Giới tính": "sex", "Số CCCD": "identity", "Điện thoại": "phone",
    "Email": "email", "Mã đơn vị": "unit", "Tên đơn vị": "unit", "Chức vụ": "post", "Lãnh đạo (x)": "post",
    "Nhóm đối tượng": "post", "Ngày bắt đầu": "start",
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """Somebody a row may mean: `key` names them in a decision, the rest tells them from others."""

    key: str
    name: str
    birth: str
    post: str


@dataclass(frozen=True)
class UnitCandidate:
    """A unit of today that a list's words may mean: its code and name, and a sentence that tells it from others."""

    code: str
    name: str
    told: str


@dataclass(frozen=True)
class UnitQuestion:
    """Which unit a list means by `name`, beside a code or without; `key` is the same for all rows that say so."""

    key: str
    name: str
    code: str
    candidates: tuple[UnitCandidate, ...]


@dataclass(frozen=True)
class RowReport:
    """One row: `row` is its number in the workbook, `cells` its text; `person` the stable ref, "" if there is none.

    `sheet`: "" where the workbook's only list is meant. For a row that somebody must look at: `about` maps columns of
    the template to what is wrong there; `confirmable` if it can be right as it is; `candidates` whom it may mean, and
    `may_be_new` if it may also be nobody known; `question` if it does not say which unit.
    """

    row: int
    cells: tuple[str, ...]
    outcome: Outcome
    messages: tuple[str, ...]
    person: str
    values: dict[str, Any]
    unit: dict[str, str]
    username: str = ""
    password: str = ""
    sheet: str = ""
    problem: Problem = ""
    about: dict[str, str] = field(default_factory=dict)
    confirmable: bool = False
    candidates: tuple[Candidate, ...] = ()
    may_be_new: bool = False
    question: UnitQuestion | None = None


@dataclass(frozen=True)
class ImportReport:
    """All rows of a file, in its order; `reading` only for a file that does not follow our template."""

    file: str
    sheet: str
    on: date
    dry_run: bool
    rows: tuple[RowReport, ...]
    reading: Reading | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome, and all of them as `rows`."""
        found = Counter(row.outcome for row in self.rows)
        return {"rows": len(self.rows), **{outcome: found[outcome] for outcome in OUTCOMES}}
