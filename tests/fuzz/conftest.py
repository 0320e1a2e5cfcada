"""The world of tests/access with its signed-in browsers, for strange requests."""

import os
from collections.abc import Iterator

import pytest

from tests.access.stage import Stage, staged
from tests.seeded import Seeded

# How hard to try: `make test` keeps to a few examples of each thing, `make proof` takes its time.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("fuzz"), seeded) as stage:
        yield stage
