"""What the kinds of questions share: what is asked, what comes back, and what a page shows of both."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from app.catalogue.inline import Said
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import vietnamese_key

Question = Mapping[str, Any]
# What JSON can hold; None: nothing was answered. Maps: part -> what was chosen; of an essay with files see essay.py.
Answer = str | bool | list[str] | dict[str, Any] | None
# The values of a form by part: "" is the question's own field, other parts are gaps or rows.
Fields = Mapping[str, Sequence[str]]
# An author's text as a page shows it.
Say = Callable[[str], Said]


@dataclass(frozen=True)
class Choice:
    """One option on an open paper."""

    id: str
    text: Said
    chosen: bool


@dataclass(frozen=True)
class Choices:
    """Options to tick. `input_type`: radio or checkbox."""

    template: ClassVar[str] = "choices"
    input_type: str
    options: tuple[Choice, ...]


@dataclass(frozen=True)
class ReviewedChoice(Choice):
    """One option on the page that shows a result; `feedback` is for who chose it."""

    right: bool
    feedback: Said | None


@dataclass(frozen=True)
class ReviewedChoices:
    template: ClassVar[str] = "choices"
    input_type: str
    options: tuple[ReviewedChoice, ...]


@dataclass(frozen=True)
class Row:
    """Something to which one of the choices belongs; `chosen` is its id, or empty."""

    part: str
    text: Said
    chosen: str


@dataclass(frozen=True)
class Rows:
    """A table of rows that share their choices (id, what it says). `prompt` names what is to be chosen."""

    template: ClassVar[str] = "rows"
    prompt: str
    rows: tuple[Row, ...]
    choices: tuple[tuple[str, Said], ...]
    # Whether a choice serves one row only, as a place in an order does.
    is_exclusive: bool = False

    @property
    def is_lettered(self) -> bool:
        """Pictures and sounds cannot stand in a list box: the choices are shown with letters, which are chosen."""
        return any(text.has_media for _id, text in self.choices)


@dataclass(frozen=True)
class ReviewedRow:
    text: Said
    given: Said | None
    right: Said
    is_right: bool


@dataclass(frozen=True)
class ReviewedRows:
    template: ClassVar[str] = "rows"
    rows: tuple[ReviewedRow, ...]


@dataclass(frozen=True)
class Gap:
    """A gap in a text: to type into, or to choose for from (id, text); `value` is what stands there."""

    part: str
    number: int
    value: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Gaps:
    """A text with gaps. `words` (id, text) may be put into any of them, by dragging too. `title` says what to do."""

    template: ClassVar[str] = "gaps"
    title: str
    pieces: tuple[Said | Gap, ...]
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReviewedGap:
    """`given` is empty for a gap left open; `credit` 0 to 1."""

    number: int
    given: str
    right: str
    credit: float


@dataclass(frozen=True)
class ReviewedGaps:
    template: ClassVar[str] = "gaps"
    title: str
    pieces: tuple[Said | ReviewedGap, ...]


@dataclass(frozen=True)
class Line:
    """A line to type. `unit` follows it; `hint` says how to write."""

    template: ClassVar[str] = "line"
    value: str
    max_length: int
    hint: str = ""
    unit: str = ""
    inputmode: str = "text"


@dataclass(frozen=True)
class ReviewedLine:
    """`right` lists what earns everything; `note` says how the answer was read."""

    template: ClassVar[str] = "line"
    given: str
    right: tuple[str, ...]
    credit: float
    note: str = ""


@dataclass(frozen=True)
class Level:
    points: float
    text: str


@dataclass(frozen=True)
class Criterion:
    """A line of a rubric; `levels` say what earns how much of `points`."""

    text: str
    points: float
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class HandedFile:
    """A file of an answer, as its learner named it; `size` in bytes."""

    id: int
    name: str
    size: int

    @property
    def kind(self) -> str:
        """“PDF”: all of a name that may be told to whoever must not know whose it is."""
        return self.name.rpartition(".")[2][:4].upper()


@dataclass(frozen=True)
class Essay:
    """A text to write, files to hand in, and what they will be marked by. `most_files` is 0 where no file is wanted."""

    template: ClassVar[str] = "essay"
    value: str
    takes_text: bool
    max_length: int
    most_files: int
    files: tuple[HandedFile, ...]
    hint: str
    rubric: tuple[Criterion, ...]


@dataclass(frozen=True)
class ReviewedEssay:
    """`sample` is for after marking only."""

    template: ClassVar[str] = "essay"
    given: str
    files: tuple[HandedFile, ...]
    rubric: tuple[Criterion, ...]
    sample: Said | None


View = Choices | Rows | Gaps | Line | Essay
Review = ReviewedChoices | ReviewedRows | ReviewedGaps | ReviewedLine | ReviewedEssay


def own_value(fields: Fields) -> str:
    """What was typed into the question's only field. Raises Invalid for several values."""
    values = fields.get("", ())
    if len(values) > 1:
        raise Invalid(_("Câu này chỉ có một ô trả lời."))
    return values[0] if values else ""


def chosen_for(fields: Fields, parts: Collection[str], choices: Collection[str]) -> dict[str, str]:
    """Part -> choice, parts left open left out. Raises Invalid for a part or choice the question does not have."""
    found = {}
    for part, values in fields.items():
        if part not in parts or len(values) > 1:
            raise Invalid(_("Câu hỏi này không có chỗ trả lời “%(part)s”."), part=part)
        if values and values[0]:
            if values[0] not in choices:
                raise Invalid(_("Câu hỏi này không có lựa chọn “%(option)s”."), option=values[0])
            found[part] = values[0]
    return found


def mapped(answer: Answer) -> Mapping[str, str]:
    """The answer by part; empty for what is no such answer."""
    if not isinstance(answer, dict):
        return {}
    return {part: value for part, value in answer.items() if isinstance(value, str)}


def mixed(texts: Sequence[str], rng: Random | None) -> list[str]:
    """Each text once, in an order that says nothing of which is right: drawn, or that of the dictionary."""
    distinct = list(dict.fromkeys(texts))
    return sorted(distinct, key=vietnamese_key) if rng is None else rng.sample(distinct, len(distinct))


def as_it_is(question: Question, rng: Random | None) -> Question:
    """The paper's question of a kind that has nothing to shuffle."""
    return question


def same_text(one: str) -> str:
    """By what two texts of an author are the same."""
    return " ".join(one.split()).casefold()


def doubled(texts: Sequence[str]) -> str:
    """The first text that comes twice; empty if none does."""
    seen: set[str] = set()
    for text in texts:
        if same_text(text) in seen:
            return text
        seen.add(same_text(text))
    return ""
