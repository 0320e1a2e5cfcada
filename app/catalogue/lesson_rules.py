"""What a lesson asks before it counts as done: the `completion` of its head, and how a version keeps it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

# Credits and the last words of the speaker need not be sat through.
WATCH_PERCENT = 80


# Who may confirm a practical task: whoever holds this role over the learner's unit (identity.policy.ROLES).
ConfirmingRole = Literal["unit_manager", "instructor"]
CONFIRMING_ROLES: tuple[ConfirmingRole, ...] = get_args(ConfirmingRole)


@dataclass(frozen=True)
class PracticalTask:
    """Something to do away from the screen, which another person sees and confirms."""

    task: str
    role: ConfirmingRole = "unit_manager"


@dataclass(frozen=True)
class LessonRule:
    """What is asked of whatever a lesson holds; the defaults are what a lesson asks whose author says nothing.

    `watch`: percent of each video, 0 for none. `pages`: percent of the pages of each document. `read`: the text is
    read, for a while the server's clock bears out, and the learner says so. `quiz`: passed. `open`: having opened the
    lesson. `practical`: a task another person confirms.
    """

    watch: int = WATCH_PERCENT
    pages: int = 100
    read: bool = True
    quiz: bool = True
    open: bool = False
    practical: PracticalTask | None = None


# Where opening is enough, nothing else is asked unless it is named beside it.
OPENING = LessonRule(watch=0, pages=0, read=False, quiz=False, open=True)


def as_stored(rule: LessonRule) -> dict[str, Any]:
    """What differs from saying nothing, as LessonVersion.completion_rule and a lesson's head have it."""
    base = OPENING if rule.open else LessonRule()
    opening = {"open": True} if rule.open else {}
    return opening | {name: said for name, said in asdict(rule).items() if said != getattr(base, name)}


def rule_of(stored: Mapping[str, Any] | None) -> LessonRule:
    """The rule of a stored lesson; null for one that says nothing."""
    said = dict(stored or {})
    if said.get("practical"):
        said["practical"] = PracticalTask(**said["practical"])
    return replace(OPENING if said.get("open") else LessonRule(), **said)
