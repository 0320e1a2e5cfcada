"""More people than the simulation tells stories of: copies of the simulated, each with about ten completions.

A figure costs by units and by how many completions a day brings, so a copy has what figures are made of and nothing
else: a person, posts with their audiences, completions with the posts of their day, and the entries the rules of
coverage say (judging.judge). Some months ago, as many a day as there are days: no unit is quiet.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.coverage.counting.judging import CompletionFact, PostFact, judge
from app.coverage.counting.ledger import entries_between, rollup_sums
from app.coverage.counting.settling import forget_balances
from app.coverage.models import CoverageEntry
from app.identity.models import Affiliation, AffiliationAudience, Person, Unit
from app.identity.people.people import SIMULATED
from app.learning.models import Completion, CompletionPost
from app.simulation.ledger import LedgerReplay
from app.simulation.province import add_sums
from app.simulation.shelf import Shelved, read_shelf
from app.simulation.tables import Rows, json_text

# As many tries; those of days on which nobody counts the person are left out.
COMPLETIONS = 21
_FIRST = date(2023, 3, 1)
_BATCH, _PART = 5000, 100_000


@dataclass(frozen=True)
class Pattern:
    """Whom copies are made of."""

    name: tuple[str, str, str]
    posts: tuple[tuple[Affiliation, frozenset[str]], ...]


class _Books:
    """Only what figures are made of; the ledger's replay asks for `entries`."""

    def __init__(self, db: Session) -> None:
        self.people = Rows(db, Person, "id", "ref", "name", "folded_name", "sort_name", "created_at")
        self.posts = Rows(
            db, Affiliation, "id", "person_id", "unit_id", "title", "is_leader", "is_primary", "started_on", "ended_on",
            "recorded_at", "end_recorded_at",
        )  # fmt: skip
        self.audiences = Rows(db, AffiliationAudience, "affiliation_id", "audience_code")
        self.completions = Rows(
            db, Completion, "id", "person_id", "course_id", "course_version_id", "how", "completed_on", "recorded_at",
            "hours", "occasion", "valid_until",
        )  # fmt: skip
        self.completion_posts = Rows(
            db, CompletionPost, "completion_id", "affiliation_id", "unit_id", "title", "is_primary", "started_on",
            "audiences",
        )  # fmt: skip
        self.entries = Rows(
            db, CoverageEntry, "id", "indicator_version_id", "measure", "period", "person_id", "unit_id",
            "completion_id", "sign", "effective_on", "recorded_at", "cause",
        )  # fmt: skip

    def all(self) -> list[Rows]:
        return [rows for rows in vars(self).values() if isinstance(rows, Rows)]


def add_crowd(database: Database, count: int, say: Callable[[str], None] = print) -> None:
    """Copies of whoever is simulated there until so many people were added; each part of them is a transaction."""
    with database.reading() as db:
        patterns, shelf = _patterns(db), read_shelf(db)
        there = db.scalar(select(func.count()).select_from(Person)) or 0
        db.expunge_all()
    random_ = random.Random(count)
    for start in range(0, count, _PART):
        with database.writing() as db:
            if database.is_sqlite:
                db.connection().exec_driver_sql("PRAGMA cache_size=-524288")
            books = _Books(db)
            ledger = LedgerReplay(db, books, list(db.scalars(select(Unit.id))))
            for number in range(start, min(start + _PART, count)):
                _copy(books, ledger, patterns[number % len(patterns)], shelf, random_, there + 1 + number)
                if (number + 1) % _BATCH == 0:
                    for rows in books.all():
                        rows.write()
            for rows in books.all():
                rows.finish()
            add_sums(db, ledger)
            forget_balances(db)
        say(f"{min(start + _PART, count)} / {count}")
    with database.writing() as db:
        db.execute(text("ANALYZE"))


def _patterns(db: Session) -> list[Pattern]:
    audiences: dict[int, set[str]] = defaultdict(set)
    for post_id, code in db.execute(select(AffiliationAudience.affiliation_id, AffiliationAudience.audience_code)):
        audiences[post_id].add(code)
    posts: dict[int, list[tuple[Affiliation, frozenset[str]]]] = defaultdict(list)
    for post in db.scalars(select(Affiliation).order_by(Affiliation.id)):
        posts[post.person_id].append((post, frozenset(audiences[post.id])))
    names = db.execute(
        select(Person.id, Person.name, Person.folded_name, Person.sort_name)
        .where(Person.ref.startswith(SIMULATED))
        .order_by(Person.id)
    )
    return [Pattern((row[1], row[2], row[3]), tuple(posts[row[0]])) for row in names if posts[row[0]]]


def _copy(
    books: _Books, ledger: LedgerReplay, pattern: Pattern, shelf: list[Shelved], random_: random.Random, number: int
) -> None:
    now = clock.now()
    began = min(post.started_on for post, _codes in pattern.posts)
    person_id = books.people.add_new(f"{SIMULATED}DO-{number:08}", *pattern.name, _noon(max(began, _FIRST)))
    facts = []
    for post, codes in pattern.posts:
        post_id = books.posts.add_new(
            person_id, post.unit_id, post.title, post.is_leader, post.is_primary, post.started_on, post.ended_on,
            post.recorded_at, post.end_recorded_at,
        )  # fmt: skip
        for code in codes:
            books.audiences.add(post_id, code)
        facts.append(PostFact(post_id, post.unit_id, codes, post.is_primary, post.started_on, post.ended_on))
    completions = []
    days = (clock.today() - _FIRST).days
    for at in range(COMPLETIONS):
        course, day = random_.choice(shelf), _FIRST + timedelta(days=random_.randrange(days))
        held = tuple(fact for fact in facts if fact.started_on <= day and (not fact.last_on or day <= fact.last_on))
        if not held:
            continue
        until = course.rule.valid_until(day)
        completion_id = books.completions.add_new(
            person_id, course.course_id, course.version_id, "class", day, _noon(day), course.hours, f"class:{at}", until
        )
        for fact in held:
            books.completion_posts.add(
                completion_id, fact.post_id, fact.unit_id, "", fact.is_primary, fact.started_on,
                json_text(sorted(fact.audiences)),
            )  # fmt: skip
        completions.append(
            CompletionFact(completion_id, day, "class", course.tags, course.programme, course.code, held, until)
        )
    rules = ledger.rules_for(frozenset(code for fact in facts for code in fact.audiences))
    rows = entries_between(person_id, {}, judge(rules, facts, completions), now, "completion")
    for row in rows:
        books.entries.add_new(*(row[name] for name in books.entries.columns[1:]))
    for key, total in rollup_sums(rows).items():
        ledger.sums[key] += total


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--at", required=True)
    parser.add_argument("--people", type=int, required=True)
    options = parser.parse_args()
    add_crowd(Database(options.at), options.people)


if __name__ == "__main__":
    main()
