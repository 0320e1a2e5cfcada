"""The learning record (phiếu kết quả học tập) of one person, for the personnel file: everything completed, as a PDF.

What it lists is what the ledger counts: completions not annulled, of our courses, classes and verified evidence. It is
drawn anew each time, says as of when, and is nobody's certificate: the numbers of those stand beside it.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.certificates.forms import form_on
from app.certificates.models import Certificate
from app.certificates.queries import is_newest
from app.core import clock
from app.core.paper import typeset
from app.core.templating import format_date, format_datetime, format_number
from app.identity import sealing
from app.identity.models import Person
from app.identity.records import belongs_to
from app.identity.units.unit_queries import full_names
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

_TEMPLATE = Path(__file__).with_name("record.typ")
_HOW = {
    "online": "trực tuyến", "class": "lớp tập trung", "group": "buổi học cộng đồng", "exam": "sát hạch",
    "evidence": "minh chứng",
}  # fmt: skip


@dataclass(frozen=True)
class RecordLine:
    """One completion, in words."""

    title: str
    how: str
    completed_on: str
    hours: str
    score: str
    unit: str
    certificate: str
    valid_until: str


@dataclass(frozen=True)
class LearningRecord:
    """`years` are (year, hours of that year, lines), the newest first."""

    name: str
    born: str
    unit: str
    superior: str
    issuer: str
    made_at: datetime
    years: tuple[tuple[int, float, tuple[RecordLine, ...]], ...]

    @property
    def hours(self) -> float:
        return sum(hours for _year, hours, _lines in self.years)


def learning_record(db: Session, person_id: int) -> LearningRecord:
    """Five queries, whatever was learned.

    What two records of one human being both completed in the same way is one line, the earlier one.
    """
    person = db.get_one(Person, person_id)
    found = db.execute(
        select(Completion, CourseVersion.title, Certificate.number)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(Certificate, (Certificate.completion_id == Completion.id) & is_newest())
        .where(
            belongs_to(Completion.person_id, person_id),
            ~exists().where(CompletionAnnulment.completion_id == Completion.id),
        )
        .order_by(Completion.completed_on.desc(), Completion.id.desc())
    ).all()  # fmt: skip
    earliest: dict[tuple[object, ...], Any] = {}
    for row in reversed(found):
        earliest.setdefault(_what(row[0]), row)
    rows = list(reversed(earliest.values()))
    posts = {
        post.completion_id: post
        for post in db.scalars(
            select(CompletionPost)
            .where(CompletionPost.completion_id.in_([completion.id for completion, *_rest in rows]))
            .order_by(CompletionPost.is_primary, CompletionPost.started_on.desc(), CompletionPost.affiliation_id.desc())
        )
    }
    names = full_names(db, {post.unit_id for post in posts.values()}, clock.today())
    years: dict[int, list[RecordLine]] = defaultdict(list)
    hours: dict[int, float] = defaultdict(float)
    for completion, title, number in rows:
        post = posts.get(completion.id)
        years[completion.completed_on.year].append(
            _line(completion, title, number, names.get(post.unit_id, "") if post else "")
        )
        hours[completion.completed_on.year] += completion.hours
    newest = posts.get(rows[0][0].id) if rows else None
    form = form_on(db, clock.today())
    return LearningRecord(
        name=person.name, born=_born(person), unit=names.get(newest.unit_id, "") if newest else "",
        superior=form.superior_name, issuer=form.issuer_name, made_at=clock.now(),
        years=tuple((year, hours[year], tuple(lines)) for year, lines in years.items()),
    )  # fmt: skip


def render_record(record: LearningRecord, public_url: str) -> bytes:
    """PDF/A-2a and PDF/UA-1, A4 upright; Vietnamese whatever the language of the page."""
    data = {
        "name": record.name, "born": record.born, "unit": record.unit, "superior": record.superior,
        "issuer": record.issuer, "made_at": format_datetime(record.made_at), "hours": _hours(record.hours),
        "date": _parts(clock.day_of(record.made_at)), "verify_page": f"{public_url}/verify",
        "years": [
            {"year": year, "hours": _hours(hours), "lines": [asdict(line) for line in lines]}
            for year, hours, lines in record.years
        ],
    }  # fmt: skip
    return typeset(_TEMPLATE, data)


def _what(completion: Completion) -> tuple[object, ...]:
    """What only one completion of a record may have (models.Completion)."""
    return completion.course_version_id, completion.programme_code, completion.how, completion.occasion


def _line(completion: Completion, title: str | None, number: str | None, unit: str) -> RecordLine:
    score = completion.score_percent
    return RecordLine(
        title=title or completion.title or "", how=_HOW[completion.how],
        completed_on=format_date(completion.completed_on), hours=_hours(completion.hours),
        score="–" if score is None else format_number(score, 0 if score == int(score) else 1), unit=unit,
        certificate=number or "–", valid_until=format_date(completion.valid_until) if completion.valid_until else "",
    )  # fmt: skip


def _hours(hours: float) -> str:
    return format_number(hours, 0 if hours == int(hours) else 1)


def _born(person: Person) -> str:
    fields = sealing.unseal(person)
    return format_date(fields.birth_date) if fields.birth_date else str(fields.birth_year or "")


def _parts(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
