"""Where the head of an office's list stands and what each of its columns means: a guess that a person can correct."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.tables import Cell
from app.identity.lists.cells import text_of
from app.identity.lists.office_columns import (
    FIELDS,
    TELLING,
    YEAR_WORD,
    Field,
    field_named,
    is_numbering,
    label_words,
    looks_like,
)
from app.identity.lists.office_titles import Period, period_in_titles, unit_in_titles

# The head stands in one of these rows; behind it so many rows are looked at.
HEAD_ROWS = 15
SAMPLE = 100
_EXAMPLES = 3
# So many of a column's cells must look like the field: rows above are often spoilt, and never all.
_MOSTLY = 0.8

Sureness = Literal["sure", "likely", "by_look", "chosen", "unread"]
SURENESS: Mapping[Sureness, lazy] = {
    "sure": lazy("Tên cột và giá trị đều khớp"),
    "likely": lazy("Theo tên cột; nhiều giá trị không giống"),
    "by_look": lazy("Đoán theo giá trị; cột không có tên"),
    "chosen": lazy("Do anh/chị chọn"),
    "unread": lazy("Không đọc cột này"),
}
Row = Sequence[Cell]


@dataclass(frozen=True)
class ColumnGuess:
    """One column, counted from 0: what its head says, what it was taken for, and some of its values."""

    column: int
    label: str
    field: Field | None
    sureness: Sureness
    examples: tuple[str, ...]

    @property
    def letter(self) -> str:
        """As Excel calls it; lists are never wider than ZZ."""
        before, last = divmod(self.column, 26)
        return (chr(64 + before) if before else "") + chr(65 + last)


@dataclass(frozen=True)
class SheetMapping:
    """How one sheet is read; its head ends at row `head_to`, as Excel counts.

    `unit`: of the rows that name none, and `period`, what the list speaks of, as its titles say or a person corrected.
    """

    sheet: str
    head_from: int
    head_to: int
    columns: tuple[ColumnGuess, ...]
    unit: str = ""
    period: Period | None = None

    @property
    def fields(self) -> dict[Field, int]:
        return {guess.field: guess.column for guess in self.columns if guess.field}

    def chosen(self, choices: Mapping[int, Field | None]) -> "SheetMapping":
        """With what a person chose for some columns, as yet unchecked."""
        columns = tuple(
            replace(guess, field=choices[guess.column], sureness="chosen" if choices[guess.column] else "unread")
            if guess.column in choices and choices[guess.column] != guess.field
            else guess
            for guess in self.columns
        )
        return replace(self, columns=columns)

    def check(self) -> None:
        """Raises Invalid for a field read from two columns, or none that names people."""
        taken = [guess.field for guess in self.columns if guess.field]
        if twice := sorted({str(FIELDS[field]) for field in taken if taken.count(field) > 1}):
            raise Invalid(
                _("Trang tính %(sheet)s: mỗi thông tin chỉ lấy từ một cột; đang chọn hai lần: %(fields)s.",
                  sheet=self.sheet, fields=", ".join(twice))
            )  # fmt: skip
        if not _names_people(taken):
            raise Invalid(
                _("Trang tính %(sheet)s: cần một cột họ và tên, hoặc hai cột: họ và tên đệm, tên.", sheet=self.sheet)
            )


def guess_mapping(sheet: str, rows: Sequence[Row]) -> SheetMapping | None:
    """From the first HEAD_ROWS + SAMPLE rows of a sheet; None if it holds no list of people."""
    # The most fields told; among equals a head of one row, and the highest.
    head = max(_heads(rows[:HEAD_ROWS]), key=lambda head: (head.told, -head.depth, -head.first), default=None)
    if head is None:
        return None
    behind = head.first + head.depth
    body = [
        row for row in rows[behind : behind + SAMPLE] if not is_numbering([text for text in map(text_of, row) if text])
    ]
    titles = [text for row in rows[: head.first] for cell in row if (text := text_of(cell))]
    return SheetMapping(
        sheet, head.first + 1, behind, tuple(_guesses(head.labels, body)), unit_in_titles(titles, sheet),
        period_in_titles(titles, clock.today()),
    )  # fmt: skip


class _Head(NamedTuple):
    first: int
    depth: int
    labels: list[str]
    told: int


def _heads(rows: Sequence[Row]) -> Iterator[_Head]:
    """Every row, and every two rows, that name people and one thing more."""
    for first in range(len(rows)):
        for depth in (1, 2):
            labels = _labels(rows[first : first + depth])
            told = {field for label in labels if (field := field_named(label))}
            if len(told) > 1 and _names_people(told) and first + depth <= len(rows):
                yield _Head(first, depth, labels, len(told))


def _names_people(fields: Collection[Field]) -> bool:
    return "name" in fields or ("family" in fields and "given" in fields)


def _labels(head: Sequence[Row]) -> list[str]:
    """The columns' names; in a head of two rows a name above spreads to the right over names below it."""
    above = [text_of(cell) for cell in head[0]]
    if len(head) == 1:
        return above
    below = [text_of(cell) for cell in head[1]]
    labels, spread = [], ""
    for up, down in zip(above, below, strict=True):
        spread = up or (spread if down else "")
        labels.append(f"{spread} {down}".strip())
    return labels


def _guesses(labels: Sequence[str], body: Sequence[Row]) -> list[ColumnGuess]:
    columns = [[row[index] for row in body if text_of(row[index])] for index in range(len(labels))]
    guesses: list[ColumnGuess] = []
    for index, label in enumerate(labels):
        field = field_named(label)
        sureness: Sureness = "unread"
        if field in {guess.field for guess in guesses}:
            # Two columns of one name, e.g. a second phone: the first is read.
            field = None
        if field:
            sureness = "sure" if _mostly(field, columns[index]) else "likely"
        examples = tuple(dict.fromkeys(text_of(cell) for cell in columns[index]))[:_EXAMPLES]
        guesses.append(ColumnGuess(index, label, field, sureness, examples))
    guesses = _with_parted_birth(_with_parted_name(guesses, columns), columns)
    for at, guess in enumerate(guesses):
        if guess.field is None and not label_words(guess.label) and len(columns[at]) > 1:
            taken = {other.field for other in guesses}
            looks = (field for field in TELLING if field not in taken and _mostly(field, columns[at]))
            if found := next(looks, None):
                guesses[at] = replace(guess, field=found, sureness="by_look")
    return [guess for guess in guesses if guess.label or guess.examples]


def _with_parted_name(guesses: list[ColumnGuess], columns: Sequence[Sequence[Cell]]) -> list[ColumnGuess]:
    """One name over two columns: the words but the last stand in the first, the last in the second."""
    at = next((guess.column for guess in guesses if guess.field == "name"), None)
    if at is None or at + 1 == len(guesses) or guesses[at + 1].label not in ("", guesses[at].label):
        return guesses
    if len(columns[at + 1]) > 1 and _mostly("given", columns[at + 1]) and not _mostly("sex", columns[at + 1]):
        guesses[at] = replace(guesses[at], field="family", sureness="sure")
        guesses[at + 1] = replace(guesses[at + 1], field="given", sureness="by_look")
    return guesses


def _with_parted_birth(guesses: list[ColumnGuess], columns: Sequence[Sequence[Cell]]) -> list[ColumnGuess]:
    """A birth over three columns: day, month, year, each named so or all under one name."""
    parts: tuple[Field, ...] = ("birth_day", "birth_month", "birth_year")
    for at in range(len(guesses) - 2):
        words = [label_words(guess.label).split() for guess in guesses[at : at + 3]]
        named = all(word in some for word, some in zip(("ngay", "thang", YEAR_WORD), words, strict=True))
        of_birth = any("sinh" in some for some in words) or all(len(some) == 1 for some in words)
        under_one = "sinh" in words[0] and words[1] == words[2] == []
        filled = all(
            len(columns[at + step]) > 1 and _mostly(part, columns[at + step]) for step, part in enumerate(parts)
        )
        if filled and "cap" not in words[0] and (under_one or (named and of_birth)):
            for step, part in enumerate(parts):
                guesses[at + step] = replace(guesses[at + step], field=part, sureness="sure")
            break
    return guesses


def _mostly(field: Field, cells: Sequence[Cell]) -> bool:
    return sum(looks_like(field, cell) for cell in cells) >= _MOSTLY * len(cells)
