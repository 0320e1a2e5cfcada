"""What people wrote here of other people's lessons. Who saved, sent or approved a course is an act of an account."""

from app.authoring.review.models import LessonComment
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by
from app.identity.people.people_queries import ERASED_NAME
from app.learning.personal import course_code

PERSONAL = Holding(
    "authoring",
    title=_("Góp ý khi thẩm định bài học"),
    basis=_("Do chính người ấy viết khi làm việc với bài học."),
    kept=_("Cùng với khóa học."),
    left=_("Chỗ của lời góp ý, không còn chữ nào."),
    tables=(
        Held(
            LessonComment, _("Góp ý dưới bài"), by(LessonComment.person_id),
            {
                "course": ("Khóa học", course_code(LessonComment.course_id)),
                "lesson": ("Bài học", LessonComment.lesson_key), "quote": ("Về đoạn", LessonComment.quote),
                "text": ("Đã viết", LessonComment.text), "written_at": ("Lúc", LessonComment.written_at),
            },
            empties={"text": f"({ERASED_NAME})"},
        ),
    ),
)  # fmt: skip
