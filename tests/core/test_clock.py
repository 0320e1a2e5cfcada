"""One clock: instants in UTC, days in Vietnam."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import clock


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_vietnam(instant: datetime, day: date) -> None:
    assert clock.day_of(instant) == day
    with clock.frozen(instant):
        assert clock.today() == day


def test_the_last_instant_of_a_day_still_belongs_to_it() -> None:
    last = clock.end_of_day(date(2026, 11, 21))
    assert last.tzinfo == UTC
    assert clock.day_of(last) == date(2026, 11, 21)
    assert clock.day_of(last + timedelta(microseconds=1)) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-07-01", date(2026, 7, 1)), ("01/07/2026", date(2026, 7, 1)), (" 1/7/2026 ", date(2026, 7, 1)),
        ("2026-7-1", date(2026, 7, 1)), ("29/02/2024", date(2024, 2, 29)), ("29/02/2026", None), ("31/04/2026", None),
        ("2026-13-01", None), ("07/2026", None), ("2026", None), ("", None), ("hôm nay", None), ("01-07-2026", None),
        ("٠١/٠٧/٢٠٢٦", None), ("0000-01-01", None), ("01/07/26", None),
        ("0001-01-01", None), ("9999-12-31", None),
    ],
)  # fmt: skip
def test_a_day_as_people_and_browsers_write_it(text: str, day: date | None) -> None:
    assert clock.parse_day(text) == day


def test_a_frozen_clock_stands_still_for_all_threads_and_runs_again_afterwards() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=clock.VIETNAM)
    seen: list[datetime] = []
    with clock.frozen(noon):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
        with clock.frozen(noon + timedelta(days=1)):
            assert clock.today() == date(2026, 11, 22)
        assert clock.now() == noon
    assert seen == [noon]
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_naive_instant_cannot_be_frozen() -> None:
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2026, 11, 21)):
        pass
