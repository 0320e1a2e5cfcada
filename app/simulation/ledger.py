"""The coverage ledger of simulated people: after each of their news, what reconcile() would have appended."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.coverage.counting.facts import rule_book
from app.coverage.counting.judging import CompletionFact, PostFact, RuleBook, judge
from app.coverage.counting.ledger import Standing, entries_between, rollup_sums
from app.identity.people.people_queries import Post
from app.simulation.shelf import Shelved
from app.simulation.tables import Rows


class HasEntries(Protocol):
    """Books, or some that hold less."""

    entries: Rows


class LedgerReplay:
    """The rules of every counted indicator, and the sums all entries come to."""

    def __init__(self, db: Session, books: HasEntries, unit_ids: Sequence[int]) -> None:
        self.books = books
        self.sums: Counter[tuple[int, str, str, int, date]] = Counter()
        self._rules = rule_book(db, unit_ids)
        self._narrowed: dict[frozenset[str], RuleBook] = {}

    def open(self) -> "Tally":
        """The account of one person."""
        return Tally(self)

    def rules_for(self, audiences: frozenset[str]) -> RuleBook:
        """Without the indicators for other audiences, which cannot say anything about such a person."""
        if audiences not in self._narrowed:
            fitting = [
                definition
                for definition in self._rules.definitions
                if not definition.audiences or not definition.audiences.isdisjoint(audiences)
            ]
            self._narrowed[audiences] = replace(self._rules, definitions=tuple(fitting))
        return self._narrowed[audiences]


class Tally:
    """What counts of one person, and what the entries written so far come to."""

    def __init__(self, ledger: LedgerReplay) -> None:
        self._ledger = ledger
        self._completions: list[CompletionFact] = []
        self._standing: Standing = {}

    def complete(self, completion_id: int, on: date, how: str, course: Shelved, held: Sequence[Post]) -> None:
        # It was held on the day of completion, which is all that is asked of it (coverage.facts).
        posts = tuple(_fact(post, None) for post in held)
        self._completions.append(
            CompletionFact(
                completion_id,
                on,
                how,
                course.tags,
                course.programme,
                course.code,
                posts,
                course.rule.valid_until(on),
            )
        )

    def annul(self, completion_id: int) -> None:
        self._completions = [fact for fact in self._completions if fact.completion_id != completion_id]

    def reconcile(self, person_id: int, posts: Sequence[Post], at: datetime, cause: str) -> None:
        """Append what the entries lack now."""
        rules = self._ledger.rules_for(frozenset(code for post in posts for code in post.audiences))
        wanted = judge(rules, [_fact(post, post.ended_on) for post in posts], self._completions)
        rows = entries_between(person_id, self._standing, wanted, at, cause)
        self._standing = wanted
        entries = self._ledger.books.entries
        for row in rows:
            entries.add_new(*(row[name] for name in entries.columns[1:]))
        for key, total in rollup_sums(rows).items():
            # A sum that was moved and came back to nothing keeps its row.
            if total:
                self._ledger.sums[key] += total


def _fact(post: Post, last_on: date | None) -> PostFact:
    return PostFact(
        post.affiliation_id, post.unit_id, frozenset(post.audiences), post.is_primary, post.started_on, last_on
    )  # fmt: skip
