"""What a lesson asks before it counts as done: the `completion` of its head, and how a version keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# Credits and the last words of the speaker need not be sat through.
WATCH_PERCENT = 80


@dataclass(frozen=True)
class LessonRule:
    """What is asked of whatever a lesson holds; the defaults are what a lesson asks whose author says nothing.

    `watch`: percent of each video, 0 for none. `read`: the text is read, for a while the server's clock bears out, and
    the learner says so. `quiz`: passed. `open`: having opened the lesson.
    """

    watch: int = WATCH_PERCENT
    read: bool = True
    quiz: bool = True
    open: bool = False


# Where opening is enough, nothing else is asked unless it is named beside it.
OPENING = LessonRule(watch=0, read=False, quiz=False, open=True)


def as_stored(rule: LessonRule) -> dict[str, Any]:
    """What differs from saying nothing, as LessonVersion.completion_rule and a lesson's head have it."""
    base = OPENING if rule.open else LessonRule()
    said = {"open": True} if rule.open else {}
    return said | {
        one.name: getattr(rule, one.name)
        for one in fields(rule)
        if one.name != "open" and getattr(rule, one.name) != getattr(base, one.name)
    }


def rule_of(stored: Mapping[str, Any] | None) -> LessonRule:
    """The rule of a stored lesson; null for one that says nothing."""
    base = OPENING if stored and stored.get("open") else LessonRule()
    return LessonRule(**({one.name: getattr(base, one.name) for one in fields(base)} | dict(stored or {})))
