"""Rate limits: so many tries, then a wait that is told; one key does not pay for another."""

import pytest

from app.core import limiting
from app.core.errors import TooMany


@pytest.fixture(autouse=True)
def fresh() -> None:
    limiting.forget_all()


def test_after_so_many_tries_one_waits() -> None:
    for _ in range(3):
        limiting.hit("test", "3/minute", "an")
    with pytest.raises(TooMany) as refused:
        limiting.hit("test", "3/minute", "an")
    assert 1 <= refused.value.retry_after_s <= 60
    assert refused.value.status == 429


def test_each_key_and_each_purpose_has_its_own_share() -> None:
    limiting.hit("test", "1/minute", "an")
    limiting.hit("test", "1/minute", "binh")
    limiting.hit("other", "1/minute", "an")
    with pytest.raises(TooMany):
        limiting.hit("test", "1/minute", "chi", "an")


def test_looking_does_not_count() -> None:
    for _ in range(5):
        limiting.check("test", "1/minute", "an", "binh")
    limiting.hit("test", "1/minute", "an")
    with pytest.raises(TooMany):
        limiting.check("test", "1/minute", "binh", "an")
