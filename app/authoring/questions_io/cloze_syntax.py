"""The gaps of Moodle's cloze questions: `{1:SHORTANSWER:=Hà Nội~%50%Thăng Long}` in the midst of the text."""

import re
from collections.abc import Mapping
from typing import Any

from app.authoring.questions_io.exchange import shared_out
from app.authoring.questions_io.rich import words_of
from app.catalogue.questions.gaps import names_in
from app.catalogue.questions.typed import accepted_of
from app.core.i18n import gettext as _

# Our texts escape stars and underscores; Moodle's escape what ends a gap.
_GAP = re.compile(r"(?<!\\)\{(\d*):([A-Z_]+):((?:\\.|[^}\\])*)\}")
_ANSWER = re.compile(r"(?:^|(?<!\\)~)(=|%-?\d+(?:\.\d+)?%)?((?:\\.|[^~\\])*)")
_TYPED = ("SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC", "NUMERICAL", "NM")
_CHOSEN = ("MULTICHOICE", "MC", "MCV", "MCH", "MCS", "MCVS", "MCHS", "MULTICHOICE_V", "MULTICHOICE_H", "MULTICHOICE_S")


def read_gaps(text: str) -> tuple[str, dict[str, Any], list[str]]:
    """The text with gaps of ours, the gaps, and what was lost. A gap of a kind we lack stays in the text as it is."""
    gaps: dict[str, Any] = {}
    lost: list[str] = []

    def gap(found: re.Match[str]) -> str:
        _weight, kind, body = found.groups()
        answers = [_answer(sign, said) for sign, said in _ANSWER.findall(body) if sign or said]
        rights = [(said, share) for said, share in answers if share > 0]
        if not rights or kind not in (*_TYPED, *_CHOSEN):
            lost.append(_("Không đọc được chỗ trống loại %(kind)s.", kind=kind))
            return found[0]
        name = str(len(gaps) + 1)
        if kind in _CHOSEN:
            if not shared_out([share for _said, share in rights]) or len(rights) > 1:
                lost.append(_("Ô chọn chỉ giữ một đáp án đúng."))
            gaps[name] = {
                "options": [said for said, _share in answers],
                "right": max(rights, key=lambda one: one[1])[0],
            }
        else:
            if kind in ("NUMERICAL", "NM"):
                lost.append(_("Ô điền số nhận đúng con số ấy, không có khoảng sai."))
                rights = [(said.partition(":")[0], share) for said, share in rights]
            gaps[name] = {
                "accepted": [
                    said if share >= 1 else {"text": said, "credit": round(share, 4)} for said, share in rights
                ]
            }
        return "{{" + name + "}}"

    return _GAP.sub(gap, text), gaps, lost


def write_gaps(text: str, gaps: Mapping[str, Any]) -> str:
    """The text (as HTML already) with gaps of Moodle's."""
    for name in names_in(text):
        gap = gaps[name]
        if "options" in gap:
            said = [("=" if one == gap["right"] else "") + _escaped(one) for one in gap["options"]]
            written = "{1:MULTICHOICE:" + "~".join(said) + "}"
        else:
            shares = [
                ("=" if share == 1 else f"%{100 * share:g}%", said) for said, share in accepted_of(gap["accepted"])
            ]
            written = "{1:SHORTANSWER:" + "~".join(sign + _escaped(said) for sign, said in shares) + "}"
        text = re.sub(r"\{\{\s*" + re.escape(name) + r"\s*\}\}", lambda _found, new=written: new, text)  # type: ignore[misc]
    return text


def _answer(sign: str, raw: str) -> tuple[str, float]:
    """(words, share of the point); feedback behind # is cut off."""
    said = re.split(r"(?<!\\)#", raw, maxsplit=1)[0]
    words = words_of(re.sub(r"\\([}#~/\"\\])", r"\1", said)).strip()
    if sign == "=":
        return words, 1.0
    return words, float(sign.strip("%")) / 100 if sign else 0.0


def _escaped(text: str) -> str:
    text = re.sub(r"([}#~\\])", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
