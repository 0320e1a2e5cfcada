"""Which counts may be told: none that says of so few people that somebody could be meant. Pure.

Every count is rounded down to a multiple of five, so the difference of two published numbers, of two months or of a
whole and its parts, is never exact; what is below five is left out. A total would give away the only part that was left
out: so it is the sum of the parts that are told, and nothing published depends on those that are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 5


@dataclass(frozen=True)
class Told:
    """Counts as they are published; None is left out. `is_whole`: the total counts everybody, not only told parts."""

    total: int | None
    is_whole: bool
    parts: tuple[int | None, ...]


def rounded(count: int | None) -> int | None:
    """A count that stands alone, or None for none."""
    return None if count is None or count < LEAST else count - count % LEAST


def told(total: int, parts: Sequence[int]) -> Told:
    """`total` is the sum of `parts` and of what belongs to no part.

    Whoever knows these rules and everything published can rule out none of 0, 1, 2, 3, 4 for any part below five.
    """
    shown = tuple(rounded(part) for part in parts)
    rest = total - sum(parts)
    every = [*parts, rest]
    large = [part for part in every if part >= LEAST]
    if large:
        return Told(rounded(sum(large)), len(large) == len(every), shown)
    # All are small. The whole may be told while it leaves each of them free to be nothing.
    whole = rounded(total)
    is_free = whole is not None and whole <= (LEAST - 1) * (len(every) - 1)
    return Told(whole if is_free else None, is_free, shown)
