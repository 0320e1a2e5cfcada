"""Routes of learning, of what learners write, and of those who follow them."""

from tests.access.calls import (
    _NO_CONFIRMER,
    ENROLLED,
    EVERYBODY,
    FOLLOWERS,
    HIDDEN,
    LEARNER,
    MANAGERS,
    MANAGERS_HERE,
    MARKERS,
    MARKERS_HERE,
    PROVINCE_AUTHORS,
    SIGNED_IN,
    act,
    page,
)
from tests.access.world import (
    ANSWER,
    CLOSED_TITLE,
    DRAFT_TITLE,
    HELP_TEXT,
    LEARNER_NAME,
    LESSON_TEXT,
    NOTE_TEXT,
    OPEN_LESSON,
    OPEN_SLUG,
    OPEN_TEXT,
    POST_TEXT,
    PRACTICAL_NOTE,
    PRACTISE,
    READ,
    SLUG,
)

_LEARNING = (
    page("/courses", EVERYBODY, why_open="the catalogue", secret=CLOSED_TITLE),
    page("/courses/{slug}", EVERYBODY, f"/courses/{SLUG}", why_open="the catalogue", secret=DRAFT_TITLE),
    act("/courses/{slug}/enrol", SIGNED_IN, f"/courses/{SLUG}/enrol", why_open="anyone may learn what is published"),
    act("/courses/{slug}/move", ENROLLED, f"/courses/{SLUG}/move", others=HIDDEN),
    # Both have it under way: there is nothing to repeat yet.
    act("/courses/{slug}/again", ENROLLED, f"/courses/{SLUG}/again", form={"round": "2"}, others=HIDDEN,
        answers=(409,)),
    page("/learn/{slug}/{lesson_key}", SIGNED_IN, f"/learn/{SLUG}/{READ}", why_open="offers to enrol",
         secret=LESSON_TEXT, told_to=ENROLLED),
    # The other learner studies the same lesson, but the stamp is of the learner's page.
    act("/learn/{slug}/{lesson_key}/read", LEARNER, f"/learn/{SLUG}/{READ}/read", form={"stamp": "{read_stamp}"},
        others=HIDDEN, refused={"other_learner": 422}),
    act("/learn/{slug}/{lesson_key}/practical", ENROLLED, f"/learn/{SLUG}/{PRACTISE}/practical", others=HIDDEN,
        form={"note": "Đã ký số một giấy mời."}),
    page("/practicals", MANAGERS | MARKERS, secret=PRACTICAL_NOTE, told_to=MANAGERS_HERE),
    act("/practicals/{report_id}/confirm", MANAGERS_HERE, "/practicals/{practical}/confirm",
        refused=_NO_CONFIRMER),
    act("/practicals/{report_id}/return", MANAGERS_HERE, "/practicals/{practical}/return", form={"reason": "Chưa rõ."},
        refused=_NO_CONFIRMER),
    page("/learn/{slug}/{lesson_key}/quiz", ENROLLED, f"/learn/{SLUG}/{ANSWER}/quiz", others=HIDDEN),
    act("/learn/{slug}/{lesson_key}/quiz", ENROLLED, f"/learn/{SLUG}/{ANSWER}/quiz", others=HIDDEN),
    page("/attempts/{attempt_id}", LEARNER, "/attempts/{open_attempt}", case="open", others=HIDDEN),
    page("/attempts/{attempt_id}", LEARNER, "/attempts/{submitted_attempt}", case="handed in", others=HIDDEN),
    act("/attempts/{attempt_id}/answers", LEARNER, "/attempts/{open_attempt}/answers",
        form={"question": "{question}", "seq": "1"}, others=HIDDEN),
    act("/attempts/{attempt_id}/files", LEARNER, "/attempts/{open_attempt}/files", others=HIDDEN),
    page("/attempts/{attempt_id}/files/{file_id}", LEARNER, "/attempts/{essay_attempt}/files/{essay_file}",
         others=HIDDEN),
    act("/attempts/{attempt_id}/submit", LEARNER, "/attempts/{open_attempt}/submit", others=HIDDEN),
    # An open course is for anybody, with an account or without; a stamp of another browser is told so.
    page("/learn/{slug}/{lesson_key}", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}", case="open course",
         why_open="open lessons", secret=OPEN_TEXT, told_to=EVERYBODY),
    act("/learn/{slug}/{lesson_key}/read", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/read", case="open course",
        why_open="open lessons", form={"stamp": "{read_stamp}"}, answers=(422,)),
    page("/learn/{slug}/{lesson_key}/quiz", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/quiz", case="open course",
         why_open="open lessons"),
    act("/learn/{slug}/{lesson_key}/quiz", EVERYBODY, f"/learn/{OPEN_SLUG}/{OPEN_LESSON}/quiz", case="open course",
        why_open="open lessons"),
    page("/guest/keep", SIGNED_IN, why_open="what one did here before signing in; nothing, so on to one's own page",
         answers=(303,)),
    act("/guest/keep", SIGNED_IN, why_open="what one did here before signing in", form={"answer": "yes"}),
    act("/guest/forget", EVERYBODY, why_open="clears this browser's own guest"),
    # The hot route: JSON, with its token in a header.
    act("/progress", LEARNER, others=HIDDEN, anonymous=401, answers=(200,),
        json={"stamp": "{watch_stamp}", "block": "{video_block}", "client": "trang-1", "seq": 1, "spans": [[0, 30]]}),
)  # fmt: skip

_LESSON = f"/learn/{SLUG}/{READ}"
MODERATORS = PROVINCE_AUTHORS
_TALKERS = ENROLLED | MODERATORS
_COMMUNITY = (
    page("/learn/{slug}/{lesson_key}/note", _TALKERS, f"{_LESSON}/note", others=HIDDEN, secret=NOTE_TEXT,
         told_to=LEARNER),
    act("/learn/{slug}/{lesson_key}/note", _TALKERS, f"{_LESSON}/note", others=HIDDEN, form={"text": "Ghi nhớ"}),
    page("/my/notes", SIGNED_IN, why_open="one's own notes", secret=NOTE_TEXT, told_to=LEARNER),
    page("/my/record.pdf", SIGNED_IN, why_open="one's own record"),
    page("/learn/{slug}/{lesson_key}/discussion", _TALKERS, f"{_LESSON}/discussion", others=HIDDEN, secret=POST_TEXT,
         told_to=_TALKERS),
    act("/learn/{slug}/{lesson_key}/discussion", _TALKERS, f"{_LESSON}/discussion", others=HIDDEN,
        form={"text": "Hỏi thêm"}),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/report", _TALKERS, f"{_LESSON}/discussion/{{post}}/report",
        others=HIDDEN),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/hide", MODERATORS | LEARNER,
        f"{_LESSON}/discussion/{{post}}/hide", others=HIDDEN, form={"reason": "nhầm chỗ"}),
    act("/learn/{slug}/{lesson_key}/discussion/{post_id}/show", MODERATORS, f"{_LESSON}/discussion/{{post}}/show",
        others=HIDDEN),
    page("/learn/{slug}/{lesson_key}/help", _TALKERS, f"{_LESSON}/help", others=HIDDEN, secret=HELP_TEXT,
         told_to=LEARNER),
    act("/learn/{slug}/{lesson_key}/help", _TALKERS, f"{_LESSON}/help", others=HIDDEN, form={"text": "Không mở được"}),
    page("/help-requests", MANAGERS, secret=HELP_TEXT, told_to=MANAGERS_HERE),
    act("/help-requests/{request_id}/answer", MANAGERS_HERE, "/help-requests/{help_request}/answer",
        refused={"other_manager": HIDDEN}, form={"answer": "Bấm nút bên phải"}),
    page("/courses/{slug}/rating", _TALKERS, f"/courses/{SLUG}/rating", others=HIDDEN),
    act("/courses/{slug}/rating", _TALKERS, f"/courses/{SLUG}/rating", others=HIDDEN, form={"stars": "4"}),
)  # fmt: skip

_TEACHING = (
    page("/teaching", FOLLOWERS, secret=f"/teaching/{SLUG}", told_to=FOLLOWERS),
    page("/teaching/{slug}", FOLLOWERS, f"/teaching/{SLUG}", secret=f"{LEARNER_NAME}</b><br>",
         told_to=MANAGERS_HERE | MARKERS_HERE),
    act("/teaching/{slug}/message", FOLLOWERS, f"/teaching/{SLUG}/message", form={"text": "Cần giúp gì không?"}),
    page("/teaching/{slug}/learners.xlsx", FOLLOWERS, f"/teaching/{SLUG}/learners.xlsx"),
)  # fmt: skip

DECLARED = (
    *_LEARNING,
    *_COMMUNITY,
    *_TEACHING,
)
