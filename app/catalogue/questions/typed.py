"""Texts a learner types, held against the texts that are right."""

from collections.abc import Sequence
from typing import Any

from app.catalogue.questions.asking import doubled
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import fold, nfc, vietnamese_key

LONGEST = 200


def typed(value: str, longest: int = LONGEST) -> str:
    """The text as we keep it. Raises Invalid if it is longer than the page lets anybody write."""
    text = nfc(value)
    if len(text) > longest:
        raise Invalid(_("Câu trả lời dài quá %(limit)s ký tự. Hãy viết gọn lại."), limit=longest)
    return text


def credit(text: str, accepted: Sequence[Any], *, exact_marks: bool = False) -> float:
    """The best credit among the accepted texts that are the same as this one.

    Case, spaces and a full stop at the end never matter; marks only if `exact_marks` (then “hoà” is still “hòa”).
    """
    same = _marked if exact_marks else fold
    said = same(_bare(text))
    return max((share for right, share in accepted_of(accepted) if same(_bare(right)) == said), default=0.0)


def accepted_of(accepted: Sequence[Any]) -> list[tuple[str, float]]:
    """(text, credit) of each accepted text."""
    return [(one, 1.0) if isinstance(one, str) else (one["text"], float(one.get("credit", 1))) for one in accepted]


def best(accepted: Sequence[Any]) -> tuple[str, ...]:
    """The texts that earn everything."""
    return tuple(text for text, share in accepted_of(accepted) if share == 1)


def faults(accepted: Sequence[Any]) -> list[str]:
    """What is wrong with a list of accepted texts."""
    if not accepted or not all((one if isinstance(one, str) else one.get("text", "")).strip() for one in accepted):
        return [_("Cần ít nhất một câu trả lời được nhận (accepted), mỗi câu có chữ.")]
    messages = []
    if not all(0 < share <= 1 for _text, share in accepted_of(accepted)):
        messages.append(_("credit phải lớn hơn 0 và nhiều nhất là 1."))
    elif not best(accepted):
        messages.append(_("Phải có ít nhất một câu trả lời được trọn điểm (không ghi credit)."))
    if any(len(nfc(text)) > LONGEST for text, _share in accepted_of(accepted)):
        messages.append(_("Câu trả lời được nhận dài nhất %(limit)s ký tự.", limit=LONGEST))
    if text := doubled([text for text, _share in accepted_of(accepted)]):
        messages.append(_("Hai câu trả lời được nhận trùng nhau: “%(text)s”.", text=text))
    return messages


def _bare(text: str) -> str:
    return nfc(text).rstrip(" .")


def _marked(text: str) -> object:
    """The letters and the tone of each word: where in the word the tone is written does not matter."""
    return [(letters, max(tones, default=0)) for letters, tones in vietnamese_key(text)]
