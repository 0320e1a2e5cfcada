"""What people wrote here."""

from sqlalchemy import case

from app.community.models import HelpRequest, Note, Post, PostReport, Rating
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by
from app.identity.people.people_queries import ERASED_NAME
from app.learning.personal import course_code

PERSONAL = Holding(
    "community",
    title=_("Điều anh/chị viết"),
    basis=_("Do chính người ấy viết để ghi nhớ, hỏi và góp ý."),
    kept=_("Cho đến khi người viết xóa, hoặc yêu cầu xóa dữ liệu."),
    left=_("Chỗ của câu hỏi trong cuộc hỏi đáp, không còn chữ nào; số sao đánh giá."),
    tables=(
        Held(
            Note, _("Ghi chú riêng"), by(Note.person_id),
            {
                "course": ("Khóa học", course_code(Note.course_id)), "lesson": ("Bài học", Note.lesson_key),
                "text": ("Ghi chú", Note.text), "is_bookmarked": ("Đánh dấu", Note.is_bookmarked),
                "changed_at": ("Sửa lúc", Note.changed_at),
            },
            is_deleted=True,
        ),
        Held(
            PostReport, _("Tin đã báo là không phù hợp"), by(PostReport.person_id),
            {"post": ("Mã tin", PostReport.post_id), "reported_at": ("Lúc", PostReport.reported_at)},
            is_deleted=True,
        ),
        Held(
            Post, _("Hỏi đáp dưới bài"), by(Post.person_id),
            {
                "post": ("Mã tin", Post.id), "course": ("Khóa học", course_code(Post.course_id)),
                "lesson": ("Bài học", Post.lesson_key), "text": ("Đã viết", Post.text),
                "posted_at": ("Lúc", Post.posted_at), "hidden_at": ("Bị ẩn lúc", Post.hidden_at),
                "hidden_reason": ("Lý do ẩn", Post.hidden_reason),
            },
            empties={"text": f"({ERASED_NAME})", "hidden_reason": None},
        ),
        Held(
            HelpRequest, _("Yêu cầu trợ giúp"), by(HelpRequest.person_id),
            {
                "course": ("Khóa học", course_code(HelpRequest.course_id)),
                "lesson": ("Bài học", HelpRequest.lesson_key),
                "text": ("Đã hỏi", HelpRequest.text), "asked_at": ("Lúc", HelpRequest.asked_at),
                "answer": ("Trả lời", HelpRequest.answer), "answered_at": ("Trả lời lúc", HelpRequest.answered_at),
            },
            # The answer speaks to them.
            empties={
                "text": f"({ERASED_NAME})",
                "answer": case((HelpRequest.answer.is_not(None), f"({ERASED_NAME})"), else_=None),
            },
        ),
        Held(
            Rating, _("Đánh giá khóa học"), by(Rating.person_id),
            {
                "course": ("Khóa học", course_code(Rating.course_id)), "stars": ("Số sao", Rating.stars),
                "text": ("Lời góp ý", Rating.text), "rated_at": ("Lúc", Rating.rated_at),
            },
            empties={"text": ""},
        ),
    ),
)  # fmt: skip
