"""How far people are: selects that return frozen dataclasses."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.catalogue.models import LessonVersion
from app.core.errors import NotFound
from app.learning.models import Attempt, Enrolment, LessonFinish, LessonReading, VideoProgress
from app.learning.rules import LessonState, QuizState, VideoState
from app.learning.spans import clip, total
from app.media.models import Asset


def lesson_state(db: Session, enrolment: Enrolment, lesson_key: str) -> LessonState:
    """What the lesson asks in the enrolment's version and what of it is done; raises NotFound for an unknown lesson."""
    lesson = db.execute(
        select(LessonVersion.minutes, LessonVersion.blocks, LessonVersion.quiz).where(
            LessonVersion.course_version_id == enrolment.course_version_id, LessonVersion.key == lesson_key
        )
    ).one_or_none()
    if lesson is None:
        raise NotFound
    return LessonState(
        lesson_key=lesson_key,
        minutes=lesson.minutes,
        videos=_video_states(db, enrolment.id, lesson_key, lesson.blocks),
        has_text=any(block["kind"] == "html" for block in lesson.blocks),
        read_at=db.scalar(
            select(LessonReading.read_at).where(
                LessonReading.enrolment_id == enrolment.id, LessonReading.lesson_key == lesson_key
            )
        ),
        quiz=_quiz_state(db, enrolment.id, lesson_key, lesson.quiz) if lesson.quiz else None,
        finished_at=db.scalar(
            select(LessonFinish.finished_at).where(
                LessonFinish.enrolment_id == enrolment.id, LessonFinish.lesson_key == lesson_key
            )
        ),
    )


def video_lengths(db: Session, lessons: Collection[tuple[int, str]]) -> dict[tuple[int, str, str], float]:
    """Seconds of the playable videos of (course version, lesson) pairs, by (course version, lesson, block)."""
    rows = db.execute(
        select(LessonVersion.course_version_id, LessonVersion.key, LessonVersion.blocks).where(
            # The first line is for SQLite, which finds no index for tuples.
            LessonVersion.course_version_id.in_({version_id for version_id, _key in lessons}),
            tuple_(LessonVersion.course_version_id, LessonVersion.key).in_(lessons),
        )
    ).all()
    asset_of = {
        (version_id, key, block["id"]): block["asset_id"]
        for version_id, key, blocks in rows
        for block in _videos(blocks)
    }
    durations = _durations(db, asset_of.values())
    return {name: durations[asset_id] for name, asset_id in asset_of.items() if asset_id in durations}


def required_lesson_keys(db: Session, version_id: int) -> set[str]:
    """The lessons a completion of this version needs."""
    return set(
        db.scalars(
            select(LessonVersion.key).where(LessonVersion.course_version_id == version_id, LessonVersion.is_required)
        )
    )


def finished_lesson_keys(db: Session, enrolment_id: int) -> set[str]:
    return set(db.scalars(select(LessonFinish.lesson_key).where(LessonFinish.enrolment_id == enrolment_id)))


def best_percents(db: Session, enrolment_id: int) -> dict[str, float]:
    """The best submitted attempt of each quiz by lesson, 0 to 100."""
    best: dict[str, float] = {}
    for lesson_key, result in db.execute(
        select(Attempt.lesson_key, Attempt.result).where(
            Attempt.enrolment_id == enrolment_id, Attempt.submitted_at.is_not(None)
        )
    ):
        best[lesson_key] = max(best.get(lesson_key, 0.0), result["percent"])
    return best


def _video_states(
    db: Session, enrolment_id: int, lesson_key: str, blocks: list[dict[str, Any]]
) -> tuple[VideoState, ...]:
    videos = _videos(blocks)
    if not videos:
        return ()
    durations = _durations(db, [video["asset_id"] for video in videos])
    watched = {
        row.block_id: row
        for row in db.execute(
            select(VideoProgress.block_id, VideoProgress.spans, VideoProgress.position_s).where(
                VideoProgress.enrolment_id == enrolment_id, VideoProgress.lesson_key == lesson_key
            )
        )
    }
    states = []
    for video in videos:
        duration_s, row = durations.get(video["asset_id"]), watched.get(video["id"])
        if duration_s and row:
            seen_s = total(clip([(start, end) for start, end in row.spans], duration_s))
            states.append(VideoState(video["id"], video["title"], duration_s, seen_s, row.position_s))
        else:
            states.append(VideoState(video["id"], video["title"], duration_s))
    return tuple(states)


def _quiz_state(db: Session, enrolment_id: int, lesson_key: str, quiz: dict[str, Any]) -> QuizState:
    attempts = db.execute(
        select(Attempt.id, Attempt.submitted_at, Attempt.passed, Attempt.result).where(
            Attempt.enrolment_id == enrolment_id, Attempt.lesson_key == lesson_key
        )
    ).all()
    submitted = [attempt for attempt in attempts if attempt.submitted_at]
    return QuizState(
        pass_percent=quiz["pass_percent"],
        question_count=len(quiz["questions"]),
        best_percent=max((attempt.result["percent"] for attempt in submitted), default=None),
        passed=any(attempt.passed for attempt in submitted),
        attempt_count=len(submitted),
        open_attempt_id=next((attempt.id for attempt in attempts if not attempt.submitted_at), None),
    )


def _videos(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block["kind"] == "video"]


def _durations(db: Session, asset_ids: Iterable[int]) -> dict[int, float]:
    """Seconds by asset; what is not ready to play is left out."""
    rows = db.execute(select(Asset.id, Asset.duration_s).where(Asset.id.in_(set(asset_ids)), Asset.state == "ready"))
    return {asset_id: duration_s for asset_id, duration_s in rows if duration_s}
