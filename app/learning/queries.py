"""How far people are: selects that return frozen dataclasses."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, select, tuple_
from sqlalchemy.orm import Session

from app.catalogue.models import LessonVersion
from app.catalogue.queries import VideoDemand, lesson_demands
from app.learning.models import Attempt, Enrolment, LessonFinish, LessonReading, VideoProgress
from app.learning.rules import LessonState, QuizState, VideoState
from app.learning.spans import clip, total
from app.media.models import Asset

_FINISH, _READING, _VIDEO, _ATTEMPT, _ASSET = (
    cast(Table, model.__table__) for model in (LessonFinish, LessonReading, VideoProgress, Attempt, Asset)
)


def _of_lesson(table: Table, *columns: str) -> Select[*tuple[Any, ...]]:
    """What one enrolment has of one lesson; built once, for every page and every judgement asks these."""
    return select(*(table.c[name] for name in columns)).where(
        table.c.enrolment_id == bindparam("enrolment_id"), table.c.lesson_key == bindparam("lesson_key")
    )


_READ_AT = _of_lesson(_READING, "read_at")
_FINISHED_AT = _of_lesson(_FINISH, "finished_at")
_WATCHED = _of_lesson(_VIDEO, "block_id", "spans", "position_s")
_ATTEMPTS = _of_lesson(_ATTEMPT, "id", "submitted_at", "passed", "result")
_FINISHED_KEYS = select(_FINISH.c.lesson_key).where(_FINISH.c.enrolment_id == bindparam("enrolment_id"))
_LENGTHS = select(_ASSET.c.id, _ASSET.c.duration_s).where(
    _ASSET.c.id.in_(bindparam("asset_ids", expanding=True)), _ASSET.c.state == "ready"
)


def lesson_state(db: Session, enrolment: Enrolment, lesson_key: str) -> LessonState:
    """What the lesson asks in the enrolment's version and what of it is done; raises NotFound for an unknown lesson."""
    asked = lesson_demands(db, enrolment.course_version_id, lesson_key)
    here = {"enrolment_id": enrolment.id, "lesson_key": lesson_key}
    return LessonState(
        lesson_key=lesson_key,
        minutes=asked.minutes,
        videos=_video_states(db, here, asked.videos),
        has_text=asked.has_text,
        read_at=db.connection().scalar(_READ_AT, here) if asked.has_text else None,
        quiz=_quiz_state(db, here, asked.pass_percent, asked.question_count) if asked.question_count else None,
        finished_at=db.connection().scalar(_FINISHED_AT, here),
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
    return set(db.connection().scalars(_FINISHED_KEYS, {"enrolment_id": enrolment_id}))


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


def _video_states(db: Session, here: dict[str, Any], videos: Sequence[VideoDemand]) -> tuple[VideoState, ...]:
    if not videos:
        return ()
    durations = _durations(db, [video.asset_id for video in videos])
    watched = {row.block_id: row for row in db.connection().execute(_WATCHED, here)}
    states = []
    for video in videos:
        duration_s, row = durations.get(video.asset_id), watched.get(video.block_id)
        if duration_s and row:
            seen_s = total(clip([(start, end) for start, end in row.spans], duration_s))
            states.append(VideoState(video.block_id, video.title, duration_s, seen_s, row.position_s))
        else:
            states.append(VideoState(video.block_id, video.title, duration_s))
    return tuple(states)


def _quiz_state(db: Session, here: dict[str, Any], pass_percent: int, question_count: int) -> QuizState:
    attempts = db.connection().execute(_ATTEMPTS, here).all()
    submitted = [attempt for attempt in attempts if attempt.submitted_at]
    return QuizState(
        pass_percent=pass_percent,
        question_count=question_count,
        best_percent=max((attempt.result["percent"] for attempt in submitted), default=None),
        passed=any(attempt.passed for attempt in submitted),
        attempt_count=len(submitted),
        open_attempt_id=next((attempt.id for attempt in attempts if not attempt.submitted_at), None),
    )


def _videos(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block["kind"] == "video"]


def _durations(db: Session, asset_ids: Iterable[int]) -> dict[int, float]:
    """Seconds by asset; what is not ready to play is left out."""
    rows = db.connection().execute(_LENGTHS, {"asset_ids": list(set(asset_ids))})
    return {asset_id: duration_s for asset_id, duration_s in rows if duration_s}
