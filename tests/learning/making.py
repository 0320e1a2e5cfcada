"""Courses to study, made up for tests: rows with videos of a given length, no files behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.service import publish
from app.catalogue.source import CompletionRule
from app.core import clock, ids
from app.media.models import Asset, Rendition
from tests import factories

SLUG = "khoa-thu"
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "q1",
        "kind": "single",
        "text": "Việc nào là ký số?",
        "explanation": "Ký số dùng chứng thư số.",
        "options": [{"text": "Chụp chữ ký"}, {"text": "Dùng chứng thư số", "right": True}, {"text": "Đóng dấu"}],
    },
    {"id": "q2", "kind": "true_false", "text": "Bản quét là bản gốc.", "answer": False, "explanation": "Không phải."},
    {
        "id": "q3",
        "kind": "multiple",
        "text": "Chọn các việc nên làm.",
        "explanation": "Hai việc đầu.",
        "options": [{"text": "Hỏi", "right": True}, {"text": "Đọc", "right": True}, {"text": "Đoán"}, {"text": "Bỏ"}],
    },
]
# As the form of an attempt sends them; option ids follow the author's order.
RIGHT_ANSWERS: dict[str, list[str]] = {"q1": ["o2"], "q2": ["false"], "q3": ["o1", "o2"]}


@dataclass(frozen=True)
class Lesson:
    """What a made-up lesson asks: `videos` in seconds, `documents` in pages."""

    key: str
    minutes: int = 1
    videos: tuple[float, ...] = ()
    documents: tuple[int, ...] = ()
    has_text: bool = True
    questions: tuple[dict[str, Any], ...] = ()
    is_required: bool = True
    completion: dict[str, Any] | None = None
    # Fields of the quiz beside its questions: {"time_limit": 10}.
    quiz: dict[str, Any] = field(default_factory=dict)


READ = Lesson("L1")
WATCH = Lesson("L2", videos=(100.0,), has_text=False)
ANSWER = Lesson("L3", has_text=False, questions=tuple(QUESTIONS))


def course(
    db: Session, *lessons: Lesson, slug: str = SLUG, access: str = "assigned", audiences: Sequence[str] = ("CBCC",),
    tags: Sequence[str] = ("CDS",), certificate_rule: str = "all_required_lessons",
    completion: CompletionRule = CompletionRule(), programme: str | None = None,
) -> CourseVersion:  # fmt: skip
    """A published version of these lessons: the first of its course, or the next one."""
    known = db.scalars(select(Course).where(Course.slug == slug)).one_or_none()
    owner = known or Course(slug=slug, code=slug.upper(), unit_id=factories.unit_id(db, "24"), created_at=clock.now())
    db.add(owner)
    db.flush()
    number = 1 + len(list(db.scalars(select(CourseVersion).where(CourseVersion.course_id == owner.id))))
    version = CourseVersion(
        course_id=owner.id,
        number=number,
        state="draft",
        title=f"Khóa học thử {slug}",
        folded_text="khoa hoc thu",
        summary="Để kiểm thử.",
        access=access,
        hours=1.5,
        language="vi",
        licence="CC-BY-4.0",
        owner="Sở thử",
        contact="thu@example.vn",
        certificate_title="Giấy chứng nhận hoàn thành khóa học",
        certificate_rule=certificate_rule,
        completion_rule=completion.as_json(),
        programme_code=programme,
        audiences=list(audiences),
        tags=list(tags),
        checksum=f"{slug}-{number}",
        created_at=clock.now(),
    )
    db.add(version)
    db.flush()
    module = ModuleVersion(
        course_version_id=version.id, position=1, folder="01-mo-dau", title="Mở đầu", objective="Biết ký số"
    )
    db.add(module)
    db.flush()
    db.add_all(_lesson(db, module, position, lesson) for position, lesson in enumerate(lessons, start=1))
    db.flush()
    return publish(db, version, None)


def _lesson(db: Session, module: ModuleVersion, position: int, lesson: Lesson) -> LessonVersion:
    blocks: list[dict[str, Any]] = [{"kind": "html", "html": f"<p>Chữ của {lesson.key}</p>"}] if lesson.has_text else []
    for number, duration_s in enumerate(lesson.videos, start=1):
        asset = _video(db, duration_s)
        blocks.append(
            {
                "kind": "video",
                "id": f"v{number}",
                "asset_id": asset.id,
                "title": f"Phim {number}",
                "caption": "",
                "tracks": {},
            }
        )
    for number, page_count in enumerate(lesson.documents, start=1):
        blocks.append(
            {
                "kind": "document",
                "id": f"d{number}-pdf",
                "asset_id": _document(db, page_count).id,
                "title": f"Bảng {number}",
                "caption": "",
                "pages": [f"Chữ của trang {page}" for page in range(1, page_count)] + [""],
            }
        )
    quiz = {"pass_percent": 70, "shuffle": True, "questions": list(lesson.questions)} | lesson.quiz
    return LessonVersion(
        course_version_id=module.course_version_id,
        module_version_id=module.id,
        position=position,
        key=lesson.key,
        stem=f"{position:02}-bai",
        title=f"Bài {lesson.key}",
        folded_text=lesson.key,
        minutes=lesson.minutes,
        is_required=lesson.is_required,
        objectives=[],
        role="",
        sources=[],
        markdown="",
        blocks=blocks,
        quiz=quiz if lesson.questions else None,
        completion_rule=lesson.completion,
        has_video=bool(lesson.videos),
        question_count=len(lesson.questions),
    )


def _document(db: Session, page_count: int) -> Asset:
    asset = Asset(
        public_id=ids.token(),
        kind="document",
        state="ready",
        file_name="bang.pdf",
        content_type="application/pdf",
        size=1000,
        sha256=ids.token()[:60],
        storage_key="khong-co",
        created_at=clock.now(),
        renditions=[
            Rendition(
                name=name, content_type=content_type, size=100, width=1000, height=1414, storage_key="khong-co",
                created_at=clock.now(),
            )
            for name, content_type in [
                ("document.pdf", "application/pdf"),
                *((f"page-{number:03}.webp", "image/webp") for number in range(1, page_count + 1)),
            ]
        ],
    )  # fmt: skip
    db.add(asset)
    db.flush()
    return asset


def _video(db: Session, duration_s: float) -> Asset:
    asset = Asset(
        public_id=ids.token(),
        kind="video",
        state="ready",
        file_name="phim.mp4",
        content_type="video/mp4",
        size=1000,
        sha256=ids.token()[:60],
        storage_key="khong-co",
        duration_s=duration_s,
        created_at=clock.now(),
    )
    db.add(asset)
    db.flush()
    return asset
