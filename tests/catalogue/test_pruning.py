"""Which drafts tell no more than a later one."""

from datetime import datetime, timedelta

import pytest

from app.catalogue.pruning import Version, superfluous
from app.core import clock

NOW = datetime(2026, 11, 23, 12, tzinfo=clock.VIETNAM)
HOA, BINH = 1, 2


def history(*saves: str) -> list[Version]:
    """Each save: days ago at noon, or with its hour ("40@9"), who, and "!" where it was published."""
    found = []
    for number, save in enumerate(saves, start=1):
        when, who = save.rstrip("!").split()
        days, _at, hour = when.partition("@")
        saved_at = (NOW - timedelta(days=int(days))).replace(hour=int(hour or 12))
        found.append(Version(number, number, save.endswith("!"), saved_at, {"hoa": HOA, "binh": BINH}.get(who)))
    return found


@pytest.mark.parametrize(
    ("saves", "gone"),
    [
        pytest.param([], [], id="no versions"),
        pytest.param(["400 hoa"], [], id="the newest stays however old"),
        pytest.param(["40@8 hoa", "40@9 hoa", "40@10 hoa", "0 hoa"], [1, 2], id="the last of a day"),
        pytest.param(["40@8 hoa", "40@9 binh", "40@10 hoa", "0 hoa"], [1], id="of each author"),
        pytest.param(["40@8 hoa", "40@9 system", "40@10 hoa", "0 hoa"], [1], id="the system is one of them"),
        pytest.param(["40@8 hoa", "29@9 hoa", "29@10 hoa", "0 hoa"], [], id="young ones stay"),
        pytest.param(["40@8 hoa", "40@9 hoa", "0 hoa"], [1], id="age counts from the save that followed"),
        # 23 November 2026 is a Monday: 95 to 98 days before are Thursday to Monday of one week, 99 the Sunday before.
        pytest.param(["99 hoa", "98 hoa", "97 binh", "95 hoa", "94 binh", "0 hoa"], [2, 3, 4], id="the last of a week"),
        pytest.param(["40@8 hoa!", "40@9 hoa", "40@10 hoa", "0 hoa"], [2], id="a published one stays"),
        pytest.param(["40@8 hoa", "40@9 hoa!", "0 hoa"], [1], id="a published one stands for its day"),
    ],
)
def test_a_draft_goes_where_a_later_one_of_its_span_stays(saves: list[str], gone: list[int]) -> None:
    assert [one.number for one in superfluous(history(*saves), NOW, timedelta(days=30))] == gone


def test_night_after_night_comes_to_the_same_as_once() -> None:
    """What stands for its day today also stands for its week later."""
    saves = history(*(f"{days}@{hour} {who}" for days in range(130, -1, -1) for hour, who in ((8, "hoa"), (9, "binh"))))
    left = saves
    for days in range(100, -1, -1):
        gone = superfluous(left, NOW - timedelta(days=days), timedelta(days=30))
        left = [one for one in left if one not in gone]
    at_once = superfluous(saves, NOW, timedelta(days=30))
    assert left == [one for one in saves if one not in at_once]
