"""The facts figures are made of, read from the domains below."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.catalogue.models import Course, CourseVersion
from app.core.prepared import Prepared
from app.core.settings import get_settings
from app.coverage.counting.judging import CompletionFact, PostFact, RuleBook
from app.coverage.indicators.definitions import Definition, counted, definitions
from app.identity.models import Affiliation, UnitEdge
from app.identity.people import people_queries
from app.identity.records import records_by_holder
from app.identity.units import unit_queries
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

_COMPLETIONS = Prepared(
    select(
        Completion.id, Completion.person_id, Completion.completed_on, Completion.how, Completion.programme_code,
        Completion.valid_until, CourseVersion.tags, CourseVersion.programme_code.label("programme"),
        Course.code.label("course"),
    )
    .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
    .outerjoin(Course, Course.id == Completion.course_id)
    .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
    .where(
        Completion.person_id.in_(bindparam("people", expanding=True)), CompletionAnnulment.completion_id.is_(None)
    )
    .order_by(Completion.completed_on, Completion.id)
)  # fmt: skip


def posts_of_people(db: Session, person_ids: Sequence[int]) -> dict[int, list[PostFact]]:
    """All posts of these people, past, present and future."""
    return {
        person_id: [
            PostFact(
                post.affiliation_id,
                post.unit_id,
                frozenset(post.audiences),
                post.is_primary,
                post.started_on,
                post.ended_on,
                post.first,
            )
            for post in posts
        ]
        for person_id, posts in people_queries.posts_of(db, person_ids).items()
    }


def completions_of(db: Session, person_ids: Sequence[int]) -> dict[int, list[CompletionFact]]:
    """Their valid completions, of all their records, with the posts of the day; annulled ones left out."""
    shown_as = {record: holder for holder, kin in records_by_holder(db, person_ids).items() for record in kin}
    db.flush()
    rows = _COMPLETIONS.all(db, people=list(shown_as))
    posts = _posts_of_completions(db, [row.id for row in rows])
    facts: dict[int, list[CompletionFact]] = defaultdict(list)
    for row in rows:
        facts[shown_as[row.person_id]].append(
            CompletionFact(
                row.id, row.completed_on, row.how, frozenset(row.tags or ()), row.programme_code or row.programme,
                row.course or "", tuple(posts[row.id]), row.valid_until,
            )
        )  # fmt: skip
    return facts


def _posts_of_completions(db: Session, completion_ids: Sequence[int]) -> dict[int, list[PostFact]]:
    posts: dict[int, list[PostFact]] = defaultdict(list)
    if not completion_ids:
        return posts
    rows = db.execute(
        select(CompletionPost, func.coalesce(Affiliation.continues_id, Affiliation.id), Affiliation.started_on)
        .join(Affiliation, Affiliation.id == CompletionPost.affiliation_id)
        .where(CompletionPost.completion_id.in_(completion_ids))
    ).all()
    assigned = _assigned_at_splits(db, {first_id for _post, first_id, _began in rows})
    for post, first_id, began in rows:
        posts[post.completion_id].append(
            # It was held on the day of completion, which is all that is asked of it. Its start is stored as that of the
            # post it carries on; so is its id here (DESIGN 5, reading 3).
            PostFact(
                post.affiliation_id, post.unit_id, frozenset(post.audiences), post.is_primary, post.started_on, None,
                (post.started_on, first_id), _followed(post.unit_id, began, assigned.get(first_id, ())),
            )
        )  # fmt: skip
    return posts


def _assigned_at_splits(db: Session, first_ids: Collection[int]) -> dict[int, list[tuple[date, int, int]]]:
    """First post -> (day, unit that was split, part its holder was assigned to), in order; empty for nearly everybody.

    Not where the unit lives on and gave a part away: what was earned there stays there.
    """
    remained = aliased(UnitEdge)
    lives_on = exists().where(
        remained.from_unit_id == UnitEdge.from_unit_id, remained.to_unit_id == UnitEdge.from_unit_id,
        remained.effective_on == UnitEdge.effective_on,
    )  # fmt: skip
    rows = db.execute(
        select(Affiliation.continues_id, UnitEdge.effective_on, UnitEdge.from_unit_id, Affiliation.unit_id)
        .join(
            UnitEdge,
            (UnitEdge.to_unit_id == Affiliation.unit_id) & (UnitEdge.effective_on == Affiliation.started_on),
        )
        .where(Affiliation.continues_id.in_(first_ids), UnitEdge.flags == "split", ~lives_on)
        .order_by(UnitEdge.effective_on)
    )
    assigned: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
    for first_id, day, split_id, part_id in rows:
        if first_id is not None:
            assigned[first_id].append((day, split_id, part_id))
    return assigned


def _followed(unit_id: int, began: date, assigned: Sequence[tuple[date, int, int]]) -> int:
    """Where a completion made at this unit, in a post that began that day, counts once its holder was assigned; also
    one made while they waited to be (DESIGN 5, reading 2)."""
    for day, split_id, part_id in assigned:
        if split_id == unit_id or day == began:
            unit_id = part_id
    return unit_id


def rule_book(db: Session, unit_ids: Collection[int]) -> RuleBook:
    """All counted indicator versions, with the scope of these units; four queries whatever the number of indicators."""
    return rules_of(db, unit_ids, counted(definitions(db)))


def rules_of(db: Session, unit_ids: Collection[int], found: Sequence[Definition]) -> RuleBook:
    """The same for some versions, stored or not."""
    scopes = {
        province: unit_queries.former_province_stays(db, unit_ids, province)
        for province in sorted({one.former_province for one in found if one.former_province})
    }
    bearers = unit_queries.bearers_of(db, get_settings().province_code)
    provinces = [((unit.valid_from, unit.valid_to), unit.unit_id) for unit in bearers if unit.kind == "province"]
    return RuleBook(tuple(found), scopes, provinces)
