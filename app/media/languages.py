"""The languages captions are written in, by their BCP 47 codes."""

import re

# Named in their own language where its readers would look for it. Tày and Nùng are the largest of the province's
# minority languages; Cao Lan and Dao are spoken in its hills; its factories teach in Korean and Chinese.
LANGUAGES = {
    "vi": "Tiếng Việt",
    "en": "English",
    "tyz": "Tày",
    "nut": "Nùng",
    "mlc": "Cao Lan",
    "ium": "Dao",
    "zh": "中文",
    "ko": "한국어",
}
_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


def language_name(code: str) -> str:
    """What readers call it; the code itself for one we have no name for."""
    return LANGUAGES.get(code, code)


def language_order(code: str) -> tuple[int, str]:
    """Sort key: the first is shown unless the reader chooses another, so Vietnamese leads."""
    known = list(LANGUAGES)
    return (known.index(code) if code in known else len(known), code)


def is_language(code: str) -> bool:
    """Whether a file of captions may bear it: `bai.vi.vtt`, `bai.zh-Hant.vtt`."""
    return _CODE.fullmatch(code) is not None
