"""The server's stamp on a lesson page."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.learning import stamps

OPENED = datetime(2026, 11, 21, 3, 0, 0, 250_000, tzinfo=UTC)


def test_a_stamp_tells_enrolment_lesson_and_the_instant_of_the_page() -> None:
    with clock.frozen(OPENED):
        text = stamps.issue(17, "KH04.1.2")
    with clock.frozen(OPENED + timedelta(minutes=3)):
        stamp = stamps.read(text)
        assert (stamp.enrolment_id, stamp.lesson_key, stamp.at) == (17, "KH04.1.2", OPENED)
        assert stamp.age() == timedelta(minutes=3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("17:", "18:", 1),
        lambda text: text.replace("KH04.1.2", "KH04.1.3"),
        lambda text: text.replace(":1", ":0", 1),
        lambda text: text[:-1],
        lambda text: text[:-1] + "ấ",
        lambda text: "",
        lambda text: ":::",
        lambda text: "không phải con dấu",
    ],
)
def test_a_changed_stamp_is_refused(spoil: object) -> None:
    with clock.frozen(OPENED):
        text = stamps.issue(17, "KH04.1.2")
    with pytest.raises(stamps.StampRefused):
        stamps.read(spoil(text))  # type: ignore[operator]
