"""How far people are: selects that return frozen dataclasses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, Table, bindparam, select, tuple_
from sqlalchemy.orm import Session

from app.catalogue.lesson_rules import LessonRule, PracticalTask, rule_of
from app.catalogue.markdown import READ
from app.catalogue.models import LessonVersion
from app.catalogue.queries import DocumentDemand, LessonDemands, VideoDemand, lesson_demands, outline
from app.catalogue.quiz_rules import QuizRule
from app.core.prepared import Prepared
from app.identity.models import Person
from app.identity.policy import ROLES
from app.learning.models import (
    Attempt,
    BlockProgress,
    Enrolment,
    LessonFinish,
    LessonReading,
    PracticalReport,
    PracticalVerdict,
)
from app.learning.rules import (
    READING,
    DocumentState,
    LessonState,
    Measure,
    PracticalState,
    QuizState,
    ReadingState,
    VideoState,
    pages_measure,
    reading_measure,
    video_measure,
)
from app.learning.spans import clip, total
from app.media.models import Asset

_FINISH, _READING, _BLOCK, _ATTEMPT, _REPORT, _VERDICT, _ASSET = (
    cast(Table, model.__table__)
    for model in (LessonFinish, LessonReading, BlockProgress, Attempt, PracticalReport, PracticalVerdict, Asset)
)


def _of_lessons(table: Table, *columns: str) -> Select[*tuple[Any, ...]]:
    """What enrolments have of lessons; built once, for every page and every judgement asks these."""
    return select(table.c.enrolment_id, table.c.lesson_key, *(table.c[name] for name in columns)).where(
        table.c.enrolment_id.in_(bindparam("enrolments", expanding=True)),
        table.c.lesson_key.in_(bindparam("lessons", expanding=True)),
    )


_READ_AT = Prepared(_of_lessons(_READING, "read_at"))
_FINISHED_AT = Prepared(_of_lessons(_FINISH, "finished_at"))
_EARNED = Prepared(_of_lessons(_BLOCK, "block_id", "spans", "earned", "position"))
# The percentage alone: an attempt's whole result is long, and there may be many.
_ATTEMPTS = Prepared(
    _of_lessons(_ATTEMPT, "id", "submitted_at", "passed").add_columns(
        _ATTEMPT.c.result["percent"].as_float().label("percent")
    )
)
_PRACTICALS = Prepared(
    select(
        _REPORT.c.enrolment_id, _REPORT.c.lesson_key, _REPORT.c.reported_at, _VERDICT.c.is_confirmed,
        _VERDICT.c.decided_at, _VERDICT.c.reason, Person.name.label("by"),
    )
    .outerjoin(_VERDICT, _VERDICT.c.report_id == _REPORT.c.id)
    .outerjoin(Person, Person.id == _VERDICT.c.person_id)
    .where(
        _REPORT.c.enrolment_id.in_(bindparam("enrolments", expanding=True)),
        _REPORT.c.lesson_key.in_(bindparam("lessons", expanding=True)),
    )
    .order_by(_REPORT.c.id)
)  # fmt: skip
_FINISHED_KEYS = Prepared(
    select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key).where(
        _FINISH.c.enrolment_id.in_(bindparam("enrolments", expanding=True))
    )
)
_PERCENTS = Prepared(
    select(
        _ATTEMPT.c.enrolment_id, _ATTEMPT.c.lesson_key, _ATTEMPT.c.result["percent"].as_float().label("percent")
    ).where(_ATTEMPT.c.enrolment_id.in_(bindparam("enrolments", expanding=True)), _ATTEMPT.c.submitted_at.is_not(None))
)
_LENGTHS = Prepared(
    select(_ASSET.c.id, _ASSET.c.duration_s).where(
        _ASSET.c.id.in_(bindparam("asset_ids", expanding=True)), _ASSET.c.state == "ready"
    )
)

# An enrolment, the course version it is at, and a lesson of that.
Place = tuple[int, int, str]


def lesson_state(db: Session, enrolment: Enrolment, lesson_key: str) -> LessonState:
    """What the lesson asks in the enrolment's version and what of it is done; raises NotFound for an unknown lesson."""
    place = (enrolment.id, enrolment.course_version_id, lesson_key)
    return lesson_states(db, [place])[place]


def lesson_states(db: Session, places: Collection[Place]) -> dict[Place, LessonState]:
    """`lesson_state` of many: six queries at most, whatever their number, besides what is remembered of the lessons."""
    lessons = {(version_id, key) for _enrolment, version_id, key in places}
    demanded = {lesson: lesson_demands(db, *lesson) for lesson in lessons}
    asked = {place: demanded[place[1:]] for place in places}
    if not asked:
        return {}
    given = {
        "enrolments": list({enrolment_id for enrolment_id, _version, _key in places}),
        "lessons": list({key for _enrolment, _version, key in places}),
    }
    lengths = _durations(db, (video.asset_id for demands in asked.values() for video in demands.videos))
    blocks = _rows(db, _EARNED, given)
    opened, finished = _rows(db, _READ_AT, given), _rows(db, _FINISHED_AT, given)
    attempts = _rows(db, _ATTEMPTS, given) if any(demands.quiz for demands in asked.values()) else {}
    practicals = _rows(db, _PRACTICALS, given) if any(demands.rule.practical for demands in asked.values()) else {}
    states = {}
    for place, demands in asked.items():
        here = place[0], place[2]
        opened_at = next((row.read_at for row in opened.get(here, ())), None)
        mine = {row.block_id: row for row in blocks.get(here, ())}
        states[place] = LessonState(
            lesson_key=place[2],
            rule=demands.rule,
            videos=tuple(_video_state(demands.rule, video, lengths, mine) for video in demands.videos),
            documents=tuple(_document_state(demands.rule, document, mine) for document in demands.documents),
            reading=_reading_state(demands, mine, opened_at),
            opened_at=opened_at,
            quiz=_quiz_state(demands.quiz, demands, attempts.get(here, ())) if demands.quiz else None,
            practical=_practical_state(demands.rule.practical, practicals.get(here, ())),
            finished_at=next((row.finished_at for row in finished.get(here, ())), None),
        )
    return states


def block_measures(db: Session, lessons: Collection[tuple[int, str]]) -> dict[tuple[int, str, str], Measure]:
    """How the parts of (course version, lesson) pairs are measured, by (course version, lesson, block).

    Videos that cannot be played yet are left out, and the text where it need not be read.
    """
    rows = db.execute(
        select(
            LessonVersion.course_version_id, LessonVersion.key, LessonVersion.blocks, LessonVersion.minutes,
            LessonVersion.completion_rule,
        ).where(
            # The first line is for SQLite, which finds no index for tuples.
            LessonVersion.course_version_id.in_({version_id for version_id, _key in lessons}),
            tuple_(LessonVersion.course_version_id, LessonVersion.key).in_(lessons),
        )
    ).all()  # fmt: skip
    lengths = _durations(db, (block["asset_id"] for row in rows for block in row.blocks if block["kind"] == "video"))
    measures = {}
    for version_id, key, blocks, minutes, completion in rows:
        rule = rule_of(completion)
        for block in blocks:
            if block["kind"] == "video" and block["asset_id"] in lengths:
                measures[version_id, key, block["id"]] = video_measure(lengths[block["asset_id"]], rule)
            elif block["kind"] == "document" and block["pages"]:
                measures[version_id, key, block["id"]] = pages_measure(len(block["pages"]), rule)
            elif block["kind"] in READ and rule.read:
                measures[version_id, key, READING] = reading_measure(minutes)
    return measures


def required_lesson_keys(db: Session, version_id: int) -> set[str]:
    """The lessons a completion of this version needs."""
    return {lesson.key for lesson in outline(db, version_id).lessons if lesson.is_required}


def finished_lesson_keys(db: Session, enrolment_id: int) -> set[str]:
    return finished_by_enrolment(db, [enrolment_id])[enrolment_id]


def finished_by_enrolment(db: Session, enrolment_ids: Sequence[int]) -> dict[int, set[str]]:
    """The keys of the lessons each has finished."""
    finished: dict[int, set[str]] = {enrolment_id: set() for enrolment_id in enrolment_ids}
    for enrolment_id, lesson_key in _FINISHED_KEYS.all(db, enrolments=enrolment_ids):
        finished[enrolment_id].add(lesson_key)
    return finished


def best_percents(db: Session, enrolment_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """By enrolment, the best submitted attempt of each quiz by lesson, 0 to 100."""
    best: dict[int, dict[str, float]] = {enrolment_id: {} for enrolment_id in enrolment_ids}
    for enrolment_id, lesson_key, percent in _PERCENTS.all(db, enrolments=enrolment_ids):
        mine = best[enrolment_id]
        mine[lesson_key] = max(mine.get(lesson_key, 0.0), percent or 0.0)
    return best


def _rows(db: Session, query: Prepared, given: dict[str, Any]) -> dict[tuple[int, str], list[Row[*tuple[Any, ...]]]]:
    found: dict[tuple[int, str], list[Row[*tuple[Any, ...]]]] = {}
    for row in query.all(db, **given):
        found.setdefault((row.enrolment_id, row.lesson_key), []).append(row)
    return found


def _video_state(
    rule: LessonRule, video: VideoDemand, lengths: Mapping[int, float], mine: Mapping[str, Row[*tuple[Any, ...]]]
) -> VideoState:  # fmt: skip
    duration_s, row = lengths.get(video.asset_id), mine.get(video.block_id)
    measure = video_measure(duration_s, rule) if duration_s else None
    if not duration_s or not row:
        return VideoState(video.block_id, video.title, measure, is_sound=video.is_sound)
    seen_s = total(clip([(start, end) for start, end in row.spans], duration_s))
    return VideoState(video.block_id, video.title, measure, seen_s, row.position, video.is_sound)


def _document_state(
    rule: LessonRule, document: DocumentDemand, mine: Mapping[str, Row[*tuple[Any, ...]]]
) -> DocumentState:  # fmt: skip
    measure, row = pages_measure(document.page_count, rule), mine.get(document.block_id)
    if not row:
        return DocumentState(document.block_id, document.title, measure)
    seen = total(clip([(start, end) for start, end in row.spans], measure.whole))
    return DocumentState(document.block_id, document.title, measure, seen, row.position)


def _reading_state(
    demands: LessonDemands, mine: Mapping[str, Row[*tuple[Any, ...]]], read_at: datetime | None
) -> ReadingState | None:  # fmt: skip
    if not (demands.has_text and demands.rule.read):
        return None
    return ReadingState(reading_measure(demands.minutes), mine[READING].earned if READING in mine else 0.0, read_at)


def _quiz_state(rule: QuizRule, demands: LessonDemands, attempts: Sequence[Row[*tuple[Any, ...]]]) -> QuizState:
    submitted = [attempt for attempt in attempts if attempt.submitted_at]
    percents = [attempt.percent for attempt in submitted]
    return QuizState(
        rule=rule,
        question_count=demands.question_count,
        best_percent=max((one for one in percents if one is not None), default=None),
        is_waiting=None in percents,
        passed=any(attempt.passed for attempt in submitted),
        attempt_count=len(submitted),
        open_attempt_id=next((attempt.id for attempt in attempts if not attempt.submitted_at), None),
    )


def _practical_state(
    task: PracticalTask | None, reports: Sequence[Row[*tuple[Any, ...]]]
) -> PracticalState | None:  # fmt: skip
    if task is None:
        return None
    role_title = str(ROLES[task.role].title)
    if not reports:
        return PracticalState(task.task, role_title)
    # Once confirmed it stays so; else the latest report counts.
    last = next((report for report in reports if report.is_confirmed), reports[-1])
    return PracticalState(
        task.task, role_title, last.reported_at, last.is_confirmed, last.decided_at, last.by or "", last.reason or ""
    )


def _durations(db: Session, asset_ids: Iterable[int]) -> dict[int, float]:
    """Seconds by asset; what is not ready to play is left out."""
    wanted = list(set(asset_ids))
    if not wanted:
        return {}
    rows = _LENGTHS.all(db, asset_ids=wanted)
    return {asset_id: duration_s for asset_id, duration_s in rows if duration_s}
