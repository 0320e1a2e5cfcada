"""A number within a tolerance, in any of the units its author allows.

Numbers are read as Vietnam writes them: a comma before the decimals, dots (or spaces) between thousands. So “1.234” is
one thousand two hundred and thirty-four. What can only be English is read so: “1234.5”, “0.25”, “1,234.5”.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from app.catalogue.questions.asking import Answer, Fields, Line, Question, ReviewedLine, Say, as_it_is, own_value
from app.catalogue.questions.shape import ANY, NUMBER, TEXT, VALUE, Shape
from app.catalogue.questions.typed import typed
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"answer": NUMBER, "tolerance": VALUE, "unit": TEXT, "units": {ANY: NUMBER}}
LONGEST = 60

freeze = as_it_is

_NUMBER = re.compile(r"([+-]?)(\d[\d., ]*)(.*)", re.ASCII | re.DOTALL)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_THOUSANDS = {sign: re.compile(rf"[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+") for sign in ".,"}


def validate(question: Question) -> list[str]:
    messages = []
    if not _is_sane(question.get("answer")):
        messages.append(_("Câu điền số (numeric) phải có answer là một số."))
    if _tolerance(question) is None:
        messages.append(_("tolerance là một số không âm, hoặc phần trăm như “%(example)s”.", example="5%"))
    units = question.get("units", {})
    if units and not question.get("unit", "").strip():
        messages.append(_("Có units thì phải có unit, đơn vị của answer."))
    if any(not _is_sane(factor) or factor <= 0 for factor in units.values()):
        messages.append(_("Mỗi mục của units là một số dương: 1 đơn vị ấy bằng bao nhiêu unit."))
    names = [_plain(name) for name in (question.get("unit", ""), *units)]
    if len(set(names)) < len(names):
        messages.append(_("Hai đơn vị trùng tên (không kể chữ hoa, chữ thường)."))
    if any(re.match(r"[\d.,]", name) for name in names):
        messages.append(_("Tên đơn vị không bắt đầu bằng chữ số, dấu chấm hay dấu phẩy."))
    return messages


def present(question: Question, answer: Answer, say: Say) -> Line:
    unit, units = question.get("unit", ""), question.get("units", {})
    hint = _("Dấu phẩy trước phần lẻ (2,5); dấu chấm ngăn hàng nghìn (1.500).")
    if units:
        names = ", ".join((unit, *units))
        hint = _("%(hint)s Được ghi kèm đơn vị: %(units)s; không ghi thì hiểu là %(unit)s.",
                 hint=hint, units=names, unit=unit)  # fmt: skip
    # A keyboard of figures alone has no letters for a unit.
    return Line(_text(answer), LONGEST, hint, "" if units else unit, "text" if units else "decimal")


def parse(question: Question, fields: Fields) -> Answer:
    return typed(own_value(fields), LONGEST) or None


def grade(question: Question, answer: Answer) -> float:
    """1 within the tolerance (its edge included), else 0; also for what is no number or has an unknown unit."""
    given = _value(question, _text(answer))
    if given is None:
        return 0.0
    return float(abs(given - _decimal(question["answer"])) <= (_tolerance(question) or 0))


def review(question: Question, answer: Answer, say: Say) -> ReviewedLine:
    text = _text(answer)
    right = f"{_written(_decimal(question['answer']))} {question.get('unit', '')}".strip()
    if slack := question.get("tolerance"):
        slack = slack if isinstance(slack, str) else _written(_decimal(slack))
        right = _("%(answer)s (chấp nhận lệch %(slack)s)", answer=right, slack=slack)
    value = _value(question, text)
    note = ""
    if text and value is None:
        note = _("Chưa đọc được con số hoặc đơn vị này.")
    elif value is not None and question.get("units"):
        note = _("Được hiểu là %(value)s %(unit)s.", value=_written(value), unit=question["unit"])
    elif value is not None and _written(value) != text:
        note = _("Được hiểu là %(value)s.", value=_written(value))
    return ReviewedLine(text, (right,), grade(question, answer), note)


def solution(question: Question) -> dict[str, list[str]]:
    return {"": [_written(_decimal(question["answer"]))]}


def read_number(text: str) -> Decimal | None:
    """The number in a text that holds nothing else; None if there is none."""
    number, rest = _split(text)
    return None if rest else number


def _value(question: Question, text: str) -> Decimal | None:
    """What was given, in the question's unit."""
    number, rest = _split(text)
    if number is None:
        return None
    units: Mapping[str, float] = {question.get("unit", ""): 1, "": 1} | question.get("units", {})
    factor = next((factor for name, factor in units.items() if _plain(name) == _plain(rest)), None)
    return None if factor is None else number * _decimal(factor)


def _split(text: str) -> tuple[Decimal | None, str]:
    """A number and what follows it."""
    found = _NUMBER.fullmatch(text.strip().replace("−", "-").replace("\u00a0", " "))
    if found is None:
        return None, text
    sign, figures, rest = found.groups()
    figures = figures.rstrip()
    # “5,” and “5.” end a sentence, not a number.
    figures = figures.rstrip(".,")
    joined = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", figures)
    plain = None if " " in joined else _plain_figures(joined)
    if plain is None or len(plain) > 30:
        return None, text
    return Decimal(sign + plain), rest.strip()


def _plain_figures(figures: str) -> str | None:
    """Figures with at most one point, before the decimals; None if dots and commas make no number."""
    dots, commas = figures.count("."), figures.count(",")
    if dots and commas:
        # Whichever comes last stands before the decimals.
        decimal, group = (",", ".") if figures.rfind(",") > figures.rfind(".") else (".", ",")
        whole, _sign, rest = figures.rpartition(decimal)
        return f"{whole.replace(group, '')}.{rest}" if _THOUSANDS[group].fullmatch(whole) else None
    if _THOUSANDS["."].fullmatch(figures) or (commas > 1 and _THOUSANDS[","].fullmatch(figures)):
        return figures.replace(".", "").replace(",", "")
    return figures.replace(",", ".") if dots + commas <= 1 else None


def _written(number: Decimal) -> str:
    """As Vietnam writes it: 1.234,5."""
    text = f"{number:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(",", "\0").replace(".", ",").replace("\0", ".")


def _tolerance(question: Question) -> Decimal | None:
    """In the question's unit, 0 if there is none; None if it cannot be read."""
    slack = question.get("tolerance", 0)
    if isinstance(slack, str):
        percent = _PERCENT.fullmatch(slack.strip())
        answer: float = question.get("answer", 0)
        return abs(_decimal(answer)) * Decimal(percent[1]) / 100 if percent and _is_sane(answer) else None
    return _decimal(slack) if _is_sane(slack) and slack >= 0 else None


def _is_sane(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e15


def _decimal(number: float) -> Decimal:
    # By its shortest spelling: 0.1 is meant as a tenth.
    return Decimal(str(number))


def _plain(unit: str) -> str:
    return "".join(unit.split()).casefold()


def _text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ""
