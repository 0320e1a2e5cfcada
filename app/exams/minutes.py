"""The minute of a sitting (biên bản sát hạch): what it says, once, for both of its files.

Laid out as Nghị định 30/2020/NĐ-CP, Phụ lục I, asks of a document. It speaks Vietnamese whatever the language of the
page, and freezes when it is signed.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.core import audit, clock, ids
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.paper import typeset
from app.core.storage import Storage
from app.core.templating import format_datetime, format_number, format_percent
from app.core.text import nfc
from app.exams import queries
from app.exams.marking_queries import markers_of
from app.exams.models import ExamSitting
from app.exams.queries import CandidateView, NoteView
from app.exams.skills import AreaScore, together
from app.identity.units.unit_queries import full_name, unit_by_id

_STATES = {
    "absent": "vắng", "listed": "vắng", "entered": "không làm bài", "checked": "không làm bài", "writing": "đang làm",
    "handed_in": "nộp bài", "stopped": "dừng bài",
}  # fmt: skip
_NO_SKILL = "Chưa gắn kỹ năng"


class NotClosed(Conflict):
    title = lazy("Buổi sát hạch chưa kết thúc")
    text = lazy("Biên bản được lập sau khi kết thúc buổi sát hạch.")


class StillToMark(Conflict):
    title = lazy("Còn bài chờ chấm")
    text = lazy("Còn %(count)s bài chờ người chấm. Chấm xong thì kết quả mới trọn và biên bản mới khóa được.")


@dataclass(frozen=True)
class Line:
    """One candidate, in words."""

    number: str
    name: str
    unit: str
    checked: str
    time: str
    state: str
    score: str
    verdict: str


@dataclass(frozen=True)
class AreaLine:
    name: str
    score: str
    ratio: str


@dataclass(frozen=True)
class Minute:
    """Everything the minute says. `areas` of all together; `by_candidate` are (name, its areas)."""

    superior: str
    issuer: str
    number: str
    place_and_day: str
    day: date
    title: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    lines: tuple[Line, ...]
    incidents: tuple[str, ...]
    areas: tuple[AreaLine, ...]
    by_candidate: tuple[tuple[str, tuple[AreaLine, ...]], ...]
    watchers: tuple[str, ...]
    is_draft: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": {"year": self.day.year, "month": self.day.month, "day": self.day.day}}


def minute_of(db: Session, sitting: ExamSitting, number: str = "", *, is_draft: bool = True) -> Minute:
    """Of a sitting that is closed; raises NotClosed."""
    if sitting.closed_at is None:
        raise NotClosed
    people, notes = queries.candidates(db, sitting), queries.notes_of(db, sitting)
    day = clock.day_of(sitting.closed_at)
    unit = unit_by_id(db, sitting.unit_id, day)
    above = unit_by_id(db, unit.parent_id, day) if unit and unit.parent_id else None
    watchers = tuple(queries.invigilators(db, sitting))
    return Minute(
        superior=above.name if above else "", issuer=unit.name if unit else "",
        number=number, place_and_day=_dated(full_name(db, sitting.unit_id, day).partition(",")[0], day), day=day,
        title=sitting.title, facts=_facts(db, sitting, watchers), summary=_summary(people),
        lines=tuple(_line(one) for one in people), incidents=tuple(_incidents(people, notes)),
        areas=_areas(together(one.areas for one in people)),
        by_candidate=tuple((one.name, _areas(one.areas)) for one in people if one.areas),
        watchers=watchers, is_draft=is_draft,
    )  # fmt: skip


def sign(db: Session, files: Storage, actor: Actor, sitting: ExamSitting, number: str) -> None:
    """Freeze the minute under its number: both files are made from what is there now, and kept. Again changes nothing.

    Raises Invalid without a number, NotClosed, StillToMark.
    """
    if sitting.signed_at is not None:
        return
    number = " ".join(nfc(number).split())
    if not 1 <= len(number) <= 60:
        raise Invalid(fields={"number": _("Hãy ghi số biên bản, ví dụ 05/BB-UBND.")})
    if waiting := queries.sitting_views(db, [sitting])[0].waiting:
        raise StillToMark(count=waiting)
    minute = minute_of(db, sitting, number, is_draft=False)
    pdf, docx = as_pdf(minute), as_docx(minute)
    sitting.pdf_key, sitting.pdf_sha256 = _keep(files, pdf, "pdf")
    sitting.docx_key, sitting.docx_sha256 = _keep(files, docx, "docx")
    sitting.minute_number, sitting.signed_at, sitting.signed_by = number, clock.now(), actor.account_id
    audit.record(
        db, "exam.sign", "exam_sitting", sitting.id, account_id=actor.account_id, pdf=sitting.pdf_sha256,
        docx=sitting.docx_sha256,
    )  # fmt: skip
    db.flush()


def content_of(db: Session, files: Storage, sitting: ExamSitting, kind: str) -> bytes:
    """The file as signed; before that a draft of now. `kind` is pdf or docx; raises NotClosed, NotFound."""
    if kind not in ("pdf", "docx"):
        raise NotFound
    if sitting.signed_at is not None:
        return b"".join(files.read(sitting.pdf_key if kind == "pdf" else sitting.docx_key))
    minute = minute_of(db, sitting)
    return as_pdf(minute) if kind == "pdf" else as_docx(minute)


def as_pdf(minute: Minute) -> bytes:
    """A4 upright."""
    return typeset(Path(__file__).with_name("minute.typ"), minute.as_json())


def as_docx(minute: Minute) -> bytes:
    from app.exams import minute_docx

    return minute_docx.render(minute)


def _keep(files: Storage, content: bytes, kind: str) -> tuple[str, str]:
    key = f"exams/{ids.token()}.{kind}"
    files.put(key, io.BytesIO(content))
    return key, hashlib.sha256(content).hexdigest()


def _facts(db: Session, sitting: ExamSitting, watchers: Iterable[str]) -> tuple[tuple[str, str], ...]:
    markers = markers_of(db, sitting)
    return (
        ("Nội dung", queries.subject_of(db, sitting)),
        ("Thời gian", f"từ {format_datetime(sitting.opens_at)} đến {format_datetime(sitting.closes_at)}"),
        ("Địa điểm", sitting.place),
        ("Đơn vị tổ chức", full_name(db, sitting.unit_id, clock.day_of(sitting.opens_at))),
        ("Thời gian làm bài", f"{sitting.minutes} phút"),
        ("Đạt từ", format_percent(sitting.pass_percent / 100)),
        ("Giám thị", ", ".join(watchers) or "không có"),
        *([("Người chấm tự luận", ", ".join(markers))] if markers else []),
        ("Kết thúc lúc", format_datetime(sitting.closed_at)),
    )


def _summary(people: Iterable[CandidateView]) -> tuple[str, ...]:
    listed = list(people)
    present = sum(one.entered_at is not None for one in listed)
    waiting = sum(one.is_waiting for one in listed)
    return (
        f"Thí sinh trong danh sách: {len(listed)}; có mặt: {present}; vắng: {len(listed) - present}.",
        f"Đã kiểm tra giấy tờ: {sum(one.checked_at is not None for one in listed)}; "
        f"đã làm bài: {sum(one.started_at is not None for one in listed)}; "
        f"đạt: {sum(bool(one.passed) for one in listed)}.",
        *([f"Chờ chấm: {waiting}; kết quả và bảng theo nhóm kỹ năng chưa trọn."] if waiting else []),
    )


def _line(one: CandidateView) -> Line:
    times = (one.started_at, one.submitted_at)
    return Line(
        number=str(one.number), name=one.name, unit=one.unit or "–",
        checked=f"{one.checked_by}, {_hour(one.checked_at)}" if one.checked_at else "–",
        time="–" if None in times else "–".join(_hour(at) for at in times) + (" (hết giờ)" if one.is_timed_out else ""),
        state=_STATES[one.state],
        score="–" if one.percent is None else format_percent(one.percent / 100),
        verdict="chờ chấm" if one.is_waiting else "–" if one.passed is None else "đạt" if one.passed else "chưa đạt",
    )  # fmt: skip


def _incidents(people: Iterable[CandidateView], notes: Iterable[NoteView]) -> Iterable[str]:
    """What persons noted, then what pages noticed; where they could not notice anything, that."""
    for note in notes:
        what = {"incident": "", "extension": f"thêm {note.minutes} phút, ", "stop": "dừng bài, "}[note.kind]
        who = f"{note.candidate}: " if note.candidate else ""
        yield f"{_hour(note.noted_at)}, {who}{what}{' '.join(note.text.split())} ({note.by} ghi)."
    wrote = [one for one in people if one.started_at is not None]
    for one in wrote:
        if one.check_note:
            yield f"{one.name}: ghi chú khi kiểm tra giấy tờ: {one.check_note}."
        if one.away_count:
            yield f"{one.name}: máy ghi nhận {one.away_count} lần rời màn hình làm bài (không tự động trừ điểm)."
    if blind := [one.name for one in wrote if not one.is_watched]:
        yield f"Máy không ghi nhận được việc rời màn hình (trình duyệt tắt JavaScript): {', '.join(blind)}."


def _areas(areas: Iterable[AreaScore]) -> tuple[AreaLine, ...]:
    return tuple(
        AreaLine(
            f"{area.code}. {area.name}" if area.name != area.code else area.code or _NO_SKILL,
            f"{_points(area.score)}/{_points(area.max)}", format_percent(area.ratio),
        )
        for area in areas
    )  # fmt: skip


def _points(value: float) -> str:
    return format_number(value, 0 if value == int(value) else 2)


def _hour(at: datetime | None) -> str:
    return format_datetime(at).partition(" ")[2] if at else "–"


def _dated(place: str, day: date) -> str:
    """Days below 10 and months 1 and 2 with a zero in front (Nghị định 30/2020)."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{place}, ngày {day.day:02} tháng {month} năm {day.year}"
