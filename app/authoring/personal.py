"""What people wrote here of other people's lessons, and what of their own they did not save yet.

Who saved, sent or approved a course is an act of an account.
"""

from app.authoring.drafting import LessonDraft
from app.authoring.review.models import LessonComment
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.identity.models import Account
from app.identity.people.people_queries import ERASED_NAME
from app.learning.personal import course_code

PERSONAL = Holding(
    "authoring",
    title=_("Góp ý khi thẩm định bài học, bài đang viết dở"),
    basis=_("Do chính người ấy viết khi làm việc với bài học."),
    kept=_("Góp ý: cùng với khóa học. Bài đang viết dở: đến khi lưu, nhiều nhất 30 ngày."),
    left=_("Chỗ của lời góp ý, không còn chữ nào."),
    tables=(
        Held(
            LessonDraft, _("Bài đang viết dở"), through(LessonDraft.account_id, Account.id, by(Account.person_id)),
            {
                "course": ("Khóa học", course_code(LessonDraft.course_id)),
                "lesson": ("Bài học", LessonDraft.lesson_key),
                "title": ("Tên bài", LessonDraft.typed["fields"]["title"].as_string()),
                "text": ("Đã viết", LessonDraft.typed["fields"]["body"].as_string()),
                "saved_at": ("Lúc", LessonDraft.saved_at),
            },
            is_deleted=True,
        ),
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
