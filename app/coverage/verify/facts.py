"""The facts figures come from, as plain values read from the tables alone; people a thousand at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.catalogue.models import Course, CourseVersion
from app.coverage.models import IndicatorVersion
from app.coverage.verify.lineage import FOREVER, Edge, Lineage, Version
from app.identity.models import Affiliation, AffiliationAudience, Person, PersonMerge, UnitEdge, UnitVersion
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Post:
    """Held from `first` to `last`, both counting. `seniority` decides between two: start and id, those of the post this
    one carries on after reorganisations if there is one (DESIGN 5, reading 3)."""

    unit_id: int
    audiences: frozenset[str]
    is_primary: bool
    first: date
    last: date
    seniority: tuple[date, int]
    # Of a completion's post: the unit, or the part of it that its holder was assigned to when it was split (reading 2).
    counts_at: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """A completion with the posts of its day; `last` is the last day it counts. An annulled one counts nowhere."""

    id: int
    day: date
    last: date
    how: str
    tags: frozenset[str]
    programme: str | None
    course: str | None
    posts: tuple[Post, ...]
    is_annulled: bool


@dataclass(frozen=True)
class Human:
    """All that is known of one human being under whichever record; `aliases` are the records not shown."""

    id: int
    aliases: tuple[int, ...]
    posts: tuple[Post, ...]
    done: tuple[Done, ...]


@dataclass(frozen=True)
class Rule:
    """An indicator version; what each field may hold is said at IndicatorVersion."""

    id: int
    indicator: str
    number: int
    measure: str
    audiences: frozenset[str]
    unit_kinds: frozenset[str]
    province: str | None
    recurrence: str
    over_roster: bool
    how: frozenset[str]
    tags: frozenset[str]
    programmes: frozenset[str]
    courses: frozenset[str]
    first_year: int
    last_year: int

    def covers(self, year: int) -> bool:
        return self.first_year <= year <= self.last_year


def rules(db: Session, indicator: str | None = None) -> list[Rule]:
    """Every version that counts something of ours."""
    versions = db.scalars(select(IndicatorVersion).order_by(IndicatorVersion.id)).all()
    return [
        Rule(
            id=one.id, indicator=one.indicator_code, number=one.number, measure=one.measure,
            audiences=frozenset(one.audiences), unit_kinds=frozenset(one.unit_kinds),
            province=one.former_province_code, recurrence=one.recurrence, over_roster=one.denominator == "roster",
            how=frozenset(one.counts.get("how", ())), tags=frozenset(one.counts.get("tags", ())),
            programmes=frozenset(one.counts.get("programmes", ())), courses=frozenset(one.counts.get("courses", ())),
            first_year=one.valid_from_year, last_year=one.valid_to_year or FOREVER.year,
        )
        for one in versions
        if one.counts and indicator in (None, one.indicator_code)
    ]  # fmt: skip


def lineage(db: Session) -> Lineage:
    versions = [
        Version(
            one.unit_id, one.parent_id, one.code, one.name, one.kind, one.former_province_code, one.valid_from,
            one.valid_to or FOREVER,
        )
        for one in db.scalars(select(UnitVersion))
    ]  # fmt: skip
    edges = db.execute(select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id))
    return Lineage(versions, [Edge(on, source, target) for on, source, target in edges if target is not None])


def shown_as(db: Session) -> dict[int, int]:
    """Record -> the record its human being is shown as, of all who are one of several; out of the merges that hold.

    identity keeps the same in `merged_record`, which is compared with this.
    """
    becomes = dict(
        db.execute(select(PersonMerge.alias_id, PersonMerge.person_id).where(PersonMerge.undone_at.is_(None))).all()
    )
    found: dict[int, int] = {}
    for record in becomes:
        holder = record
        for _step in becomes:
            holder = becomes.get(holder, holder)
        found |= {record: holder, holder: holder}
    return found


def humans(
    db: Session, shown: Mapping[int, int], only: Collection[int] | None = None
) -> Iterator[list[Human]]:  # fmt: skip
    """Everybody, or those with these ids, each once under the record they are shown as; some at a time, by id."""
    kin: dict[int, list[int]] = defaultdict(list)
    for record, holder in sorted(shown.items()):
        if record != holder:
            kin[holder].append(record)
    last = 0
    while True:
        query = select(Person.id).where(Person.id > last).order_by(Person.id).limit(_AT_ONCE)
        ids = db.scalars(query if only is None else query.where(Person.id.in_(only))).all()
        if not ids:
            return
        last = ids[-1]
        yield _read(db, {one: kin.get(one, []) for one in ids if shown.get(one, one) == one})


def _read(db: Session, aliases: Mapping[int, Sequence[int]]) -> list[Human]:
    belongs = {record: holder for holder, others in aliases.items() for record in (holder, *others)}
    posts, done = _posts(db, belongs), _done(db, belongs)
    return [
        Human(holder, tuple(others), tuple(posts[holder]), tuple(done[holder])) for holder, others in aliases.items()
    ]


def _posts(db: Session, belongs: Mapping[int, int]) -> dict[int, list[Post]]:
    audiences: dict[int, set[str]] = defaultdict(set)
    for post_id, audience in db.execute(
        select(AffiliationAudience.affiliation_id, AffiliationAudience.audience_code)
        .join(Affiliation, Affiliation.id == AffiliationAudience.affiliation_id)
        .where(Affiliation.person_id.in_(belongs))
    ):
        audiences[post_id].add(audience)
    before = aliased(Affiliation)
    rows = db.execute(
        select(
            Affiliation.person_id, Affiliation.id, Affiliation.unit_id, Affiliation.is_primary, Affiliation.started_on,
            Affiliation.ended_on, before.id, before.started_on,
        )
        .outerjoin(before, before.id == Affiliation.continues_id)
        .where(Affiliation.person_id.in_(belongs))
    )  # fmt: skip
    found: dict[int, list[Post]] = defaultdict(list)
    for person_id, post_id, unit_id, is_primary, first, last, first_id, first_start in rows:
        seniority = (first_start or first, first_id or post_id)
        found[belongs[person_id]].append(
            Post(unit_id, frozenset(audiences[post_id]), is_primary, first, last or FOREVER, seniority)
        )
    return found


def _done(db: Session, belongs: Mapping[int, int]) -> dict[int, list[Done]]:
    posts = _posts_of_the_day(db, belongs)
    rows = db.execute(
        select(
            Completion.person_id, Completion.id, Completion.completed_on, Completion.valid_until, Completion.how,
            Completion.programme_code, CourseVersion.programme_code, CourseVersion.tags, Course.code,
            CompletionAnnulment.completion_id,
        )
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(Course, Course.id == Completion.course_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(Completion.person_id.in_(belongs))
        .order_by(Completion.completed_on, Completion.id)
    )  # fmt: skip
    found: dict[int, list[Done]] = defaultdict(list)
    for person_id, id_, day, until, how, task, task_of_course, tags, course, annulled in rows:
        found[belongs[person_id]].append(
            Done(
                id_, day, until or FOREVER, how, frozenset(tags or ()), task or task_of_course, course,
                tuple(posts[id_]), annulled is not None,
            )
        )  # fmt: skip
    return found


def _posts_of_the_day(db: Session, belongs: Mapping[int, int]) -> dict[int, list[Post]]:
    """What was stored with each completion; a post that carries on another keeps that one's id (reading 3)."""
    rows = db.execute(
        select(
            CompletionPost.completion_id, CompletionPost.unit_id, CompletionPost.audiences, CompletionPost.is_primary,
            CompletionPost.started_on, Affiliation.id, Affiliation.continues_id, Affiliation.started_on,
            Completion.completed_on,
        )
        .join(Completion, Completion.id == CompletionPost.completion_id)
        .join(Affiliation, Affiliation.id == CompletionPost.affiliation_id)
        .where(Completion.person_id.in_(belongs))
    )  # fmt: skip
    parts = _parts_people_went_to(db, belongs)
    found: dict[int, list[Post]] = defaultdict(list)
    for completion_id, unit_id, audiences, is_primary, started_on, post_id, first_id, began, day in rows:
        seniority = (started_on, first_id or post_id)
        counts_at = unit_id
        for split_on, whole, part in parts.get(first_id or post_id, ()):
            if whole == counts_at or split_on == began:
                counts_at = part
        found[completion_id].append(Post(unit_id, frozenset(audiences), is_primary, day, day, seniority, counts_at))
    return found


def _parts_people_went_to(db: Session, belongs: Collection[int]) -> dict[int, list[tuple[date, int, int]]]:
    """First post -> the splits its holder went through: (day, unit that ended, part); reading 2."""
    splits: dict[tuple[date, int], int] = {}
    living = set()
    for on, whole, part in db.execute(
        select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id).where(UnitEdge.flags == "split")
    ):
        if whole == part:
            living.add((on, whole))
        elif part is not None:
            splits[on, part] = whole
    splits = {key: whole for key, whole in splits.items() if (key[0], whole) not in living}
    if not splits:
        return {}
    found: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
    for first_id, began, unit_id in db.execute(
        select(Affiliation.continues_id, Affiliation.started_on, Affiliation.unit_id)
        .where(Affiliation.person_id.in_(belongs), Affiliation.continues_id.is_not(None))
        .order_by(Affiliation.started_on)
    ):
        if first_id is not None and (began, unit_id) in splits:
            found[first_id].append((began, splits[began, unit_id], unit_id))
    return found
