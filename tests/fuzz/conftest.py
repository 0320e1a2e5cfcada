"""The world of tests/access with its signed-in browsers, for strange requests."""

import os
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest

from tests.access.declarations import Declared
from tests.access.stage import Stage, staged
from tests.access.world import ANONYMOUS, PERSONAS
from tests.seeded import Seeded

# How hard to try: 1 is for every day, from 60 on everything is tried everywhere (`make proof`).
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
_EVERYTHING = 60

Thing = TypeVar("Thing")


def some(things: Sequence[Thing], of: object, every: int = _EVERYTHING) -> Sequence[Thing]:
    """A share of the list, another one for each route or field, so that nearly everything is tried somewhere."""
    step = max(1, every // EXAMPLES)
    return things[sum(str(of).encode()) % step :: step]


def somebody(declared: Declared) -> str:
    """Who may do this, and has an account."""
    return sorted(declared.allowed - {ANONYMOUS})[0]


def askers(declared: Declared) -> Sequence[str]:
    """Who asks a route: nobody we know, who may, and one of the others; where more is tried, everybody."""
    if EXAMPLES > 1:
        return PERSONAS
    return sorted({ANONYMOUS, somebody(declared), *some(PERSONAS, declared, every=len(PERSONAS))})


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("fuzz"), seeded) as stage:
        yield stage
