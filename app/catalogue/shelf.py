"""The catalogue page: published courses as cards, filtered by words, audience and skill."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.queries import offered_version_ids
from app.catalogue.search import Hit, places_spoken, search
from app.catalogue.skills import SkillArea, skill_areas
from app.core.memory import A_MINUTE, remembered
from app.core.text import vietnamese_key
from app.identity.models import Audience
from app.media.queries import asset_views

PAGE_SIZE = 24
_LESSONS_SHOWN = 3
# The motif of ui.cover for a course that has no picture of its own, by the first audience it is for.
_MOTIFS = {
    "CBCC": "hall",
    "LANHDAO": "chart",
    "CNTT": "shield",
    "GIAOVIEN": "school",
    "YTE": "heart",
    "TCNSCD": "people",
    "DNNN": "shop",
    "LDDN": "shop",
    "NGUOIDAN": "phone",
    "HOCSINH": "book",
}


@dataclass(frozen=True)
class FoundLesson:
    """A lesson that holds the words searched for; where they are said in a video, `url` leads to that moment."""

    title: str
    url: str
    is_spoken: bool


@dataclass(frozen=True)
class Card:
    """One course on the shelf. `found_in`: its lessons that hold the words searched for."""

    slug: str
    title: str
    summary: str
    hours: float
    module_count: int
    lesson_count: int
    audience_names: tuple[str, ...]
    is_open: bool
    has_certificate: bool
    cover_url: str  # empty: `motif` is drawn instead
    motif: str
    found_in: tuple[FoundLesson, ...]


@dataclass(frozen=True)
class AudienceChoice:
    """An audience that some published course is for."""

    code: str
    name: str


@dataclass(frozen=True)
class Shelf:
    """One page of cards; `total` counts all that match, `published_count` all there are."""

    cards: tuple[Card, ...]
    total: int
    published_count: int
    query: str
    audience: str
    audiences: tuple[AudienceChoice, ...]
    skill: SkillArea | None
    only_open: bool
    has_both: bool  # some courses are open to everybody, some are not
    page: int
    pages: int


@dataclass(frozen=True)
class _Row:
    slug: str
    title: str
    summary: str
    hours: float
    audiences: list[str]
    skills: list[str]
    access: str
    certificate_title: str
    cover_asset_id: int | None
    module_count: int
    lesson_count: int


def shelf(
    db: Session, *, query: str = "", audience: str = "", skill: str = "", only_open: bool = False, page: int = 1
) -> Shelf:
    """Published courses, by code or by how well they match. At most eight queries, whatever its length. A skill nobody
    knows asks for nothing.

    Without words to search for it is remembered for a minute, and no longer than until the next course is published.
    """
    version_ids = offered_version_ids(db)
    area = skill_areas().get(skill)
    if query.strip():
        return _shelf(db, query, audience, area, only_open, page)
    key = ("shelf", version_ids, audience, area, only_open, page)
    return remembered(db, key, lambda: _shelf(db, "", audience, area, only_open, page), for_s=A_MINUTE)


def _shelf(db: Session, query: str, audience: str, skill: SkillArea | None, only_open: bool, page: int) -> Shelf:
    rows = _published(db)
    names = {row.code: row.name for row in db.execute(select(Audience.code, Audience.name))}
    offered = {code for row in rows for code in row.audiences}
    hits = search(db, query) if query.strip() else None
    matching = _matching(rows, hits)
    if audience:
        matching = [(row, found_in) for row, found_in in matching if audience in row.audiences]
    if skill:
        matching = [(row, found_in) for row, found_in in matching if skill.code in row.skills]
    if only_open:
        matching = [(row, found_in) for row, found_in in matching if row.access == "open"]
    pages = max(1, -(-len(matching) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    shown = matching[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    places = places_spoken(db, [hit for _row, found_in in shown for hit in found_in], query) if hits else {}
    covers = asset_views(db, [row.cover_asset_id for row, _found in shown if row.cover_asset_id])
    return Shelf(
        cards=tuple(
            Card(
                slug=row.slug,
                title=row.title,
                summary=row.summary,
                hours=row.hours,
                module_count=row.module_count,
                lesson_count=row.lesson_count,
                audience_names=tuple(names.get(code, code) for code in row.audiences),
                is_open=row.access == "open",
                has_certificate=bool(row.certificate_title),
                cover_url=(covers[row.cover_asset_id].url or "") if row.cover_asset_id else "",
                motif=next((_MOTIFS[code] for code in row.audiences if code in _MOTIFS), "book"),
                found_in=tuple(_found(hit, places.get(hit, "")) for hit in found_in),
            )
            for row, found_in in shown
        ),
        total=len(matching),
        published_count=len(rows),
        query=query,
        audience=audience,
        audiences=tuple(
            sorted(
                (AudienceChoice(code, names.get(code, code)) for code in offered),
                key=lambda choice: vietnamese_key(choice.name),
            )
        ),
        skill=skill,
        only_open=only_open,
        has_both=len({row.access for row in rows}) > 1,
        page=page,
        pages=pages,
    )


def _published(db: Session) -> list[_Row]:
    modules = (
        select(func.count())
        .where(ModuleVersion.course_version_id == CourseVersion.id)
        .correlate(CourseVersion)
        .scalar_subquery()
    )
    lessons = (
        select(func.count())
        .where(LessonVersion.course_version_id == CourseVersion.id)
        .correlate(CourseVersion)
        .scalar_subquery()
    )
    found = db.execute(
        select(
            Course.slug, CourseVersion.title, CourseVersion.summary, CourseVersion.hours, CourseVersion.audiences,
            CourseVersion.skills, CourseVersion.access, CourseVersion.certificate_title, CourseVersion.cover_asset_id,
            modules, lessons,
        )
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.retired_at.is_(None)).order_by(Course.code)
    )  # fmt: skip
    return [_Row(*row) for row in found]


def _found(hit: Hit, place: str) -> FoundLesson:
    return FoundLesson(hit.title, f"/learn/{hit.slug}/{hit.lesson_key}{'#' if place else ''}{place}", bool(place))


def _matching(rows: Sequence[_Row], hits: Sequence[Hit] | None) -> list[tuple[_Row, tuple[Hit, ...]]]:
    """The rows in the order of the hits, each with the first lessons found in it; without a search all of them."""
    if hits is None:
        return [(row, ()) for row in rows]
    lessons: dict[str, list[Hit]] = {}
    for hit in hits:
        lessons.setdefault(hit.slug, [])
        if hit.lesson_key is not None:
            lessons[hit.slug].append(hit)
    by_slug = {row.slug: row for row in rows}
    return [(by_slug[slug], tuple(found[:_LESSONS_SHOWN])) for slug, found in lessons.items()]
