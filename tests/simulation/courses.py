"""A shelf for simulated people: for officials with all a lesson can ask, for teachers, for everybody."""

from app.core.db import Session
from tests.learning.making import QUESTIONS, Lesson, course

_QUIZ = tuple(QUESTIONS)


def make_shelf(db: Session) -> None:
    """Three published courses; the third gives no certificate and has a lesson beside the point."""
    course(
        db, Lesson("CB.1", videos=(61.5, 30.0), questions=_QUIZ), Lesson("CB.2", minutes=12, questions=_QUIZ),
        Lesson("CB.3", videos=(45.25,), has_text=False),
        slug="can-bo", audiences=("CBCC", "CNTT"), tags=("CDS", "KNS", "ATTT"),
    )  # fmt: skip
    course(
        db, Lesson("GV.1", minutes=3), Lesson("GV.2", has_text=False, questions=_QUIZ, is_required=False),
        Lesson("GV.3", questions=_QUIZ), Lesson("GV.4", documents=(2, 3), has_text=False),
        slug="giao-vien", audiences=("GIAOVIEN", "YTE"), tags=("CDS", "KNS"),
    )  # fmt: skip
    course(
        db, Lesson("MN.1", documents=(4,)), Lesson("MN.2", minutes=5, is_required=False),
        slug="moi-nguoi", audiences=("NGUOIDAN", "TCNSCD", "LDDN", "HOCSINH"), tags=("KNS", "DVC"),
        certificate_rule="none",
    )  # fmt: skip
