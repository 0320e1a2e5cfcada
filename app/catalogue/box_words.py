"""Words a lesson says by itself: what a box opens with where its author names none, whether an answer is right.

They are words of the lesson, in its own language, not of the site around it.
"""

_VIETNAMESE = {
    "note": "Lưu ý", "warn": "Hay nhầm", "example": "Ví dụ", "question": "Thử trả lời", "right": "Đúng.",
    "wrong": "Chưa đúng, hãy thử ý khác.", "table": "Bảng",
}  # fmt: skip
_ENGLISH = {
    "note": "Note", "warn": "Common mistake", "example": "Example", "question": "Try it", "right": "Right.",
    "wrong": "Not quite. Try another one.", "table": "Table",
}  # fmt: skip


def box_word(name: str, language: str = "vi") -> str:
    """In Vietnamese where we do not know the language's own."""
    return (_ENGLISH if language == "en" else _VIETNAMESE)[name]
