"""Who counts where and since when, as tables of cases (DESIGN 5)."""

from dataclasses import replace
from datetime import date

import pytest

from app.coverage.counting.judging import (
    CompletionFact,
    EntryKey,
    PostFact,
    Scope,
    Stay,
    counting_post,
    desired_entries,
    stays,
)
from app.coverage.indicators.definitions import Definition, Target

ALWAYS = {unit: [(date(2023, 1, 1), None)] for unit in (1, 2, 3)}
CBCC = frozenset({"CBCC"})
OTHER_UNIT = 9  # never in scope


def definition(**changes: object) -> Definition:
    values: dict[str, object] = {
        "version_id": 1, "code": "BG-CBCC", "number": 1, "title": "", "name": "", "plan": "", "source_section": "",
        "note": "", "measure": "people", "audiences": frozenset({"CBCC"}), "unit_kinds": frozenset(),
        "former_province": "24", "recurrence": "annual", "denominator": "roster", "population": None,
        "figure_source": "computed", "is_partial": False, "is_counted": True, "tags": frozenset({"CDS"}),
        "programmes": frozenset(), "courses": frozenset(), "how": frozenset({"online", "class"}),
        "target_unit": "percent", "targets": (Target(2025, ">=", 100), Target(2030, ">", 90)),
        "first_year": 2023, "last_year": None,
    }  # fmt: skip
    return Definition(**(values | changes))  # type: ignore[arg-type]


def post(
    unit: int, first: str, last: str | None = None, *, id: int = 1, primary: bool = True, audience: str = "CBCC"
) -> PostFact:
    return PostFact(
        id, unit, frozenset({audience}), primary, date.fromisoformat(first), date.fromisoformat(last) if last else None
    )


def done(day: str, *posts: PostFact, id: int = 1, tags: str = "CDS", how: str = "online") -> CompletionFact:
    return CompletionFact(id, date.fromisoformat(day), how, frozenset({tags}), None, "KH04", posts)


def entry(measure: str, unit: int, day: str, completion: int | None = 1, period: str = "2026") -> EntryKey:
    return EntryKey(measure, "" if measure == "roster" else period, unit, date.fromisoformat(day), completion)


@pytest.mark.parametrize(
    ("posts", "expected_post"),
    [
        ([post(1, "2026-01-01", id=1), post(2, "2026-01-01", id=2, primary=False)], 1),
        ([post(1, "2026-01-01", id=1, primary=False), post(2, "2026-02-01", id=2)], 2),
        ([post(1, "2026-02-01", id=1), post(2, "2026-01-01", id=2)], 2),
        ([post(1, "2026-01-01", id=2), post(2, "2026-01-01", id=1)], 1),
        # Audience and scope are tested before the tie-break.
        ([post(OTHER_UNIT, "2026-01-01", id=1), post(2, "2026-01-01", id=2, primary=False)], 2),
        ([post(1, "2026-01-01", id=1, audience="LDDN"), post(2, "2026-01-01", id=2, primary=False)], 2),
        ([post(1, "2026-07-01", id=1)], None),
        ([post(1, "2026-01-01", "2026-06-01", id=1)], 1),  # the last day counts
        ([post(1, "2026-01-01", "2026-05-31", id=1)], None),
    ],
)
def test_a_person_counts_at_one_post(posts: list[PostFact], expected_post: int | None) -> None:
    found = counting_post(posts, CBCC, ALWAYS, date(2026, 6, 1))
    assert (found.post_id if found else None) == expected_post


def test_stays_follow_posts_scope_and_the_tie_break() -> None:
    scope: Scope = {1: [(date(2023, 1, 1), date(2025, 7, 1))], 2: [(date(2025, 7, 1), None)]}
    posts = [post(1, "2024-03-01", id=1), post(2, "2025-07-01", "2026-02-28", id=2)]
    assert stays(posts, CBCC, scope) == [
        Stay(1, date(2024, 3, 1), date(2025, 7, 1)),
        Stay(2, date(2025, 7, 1), date(2026, 3, 1)),
    ]


def test_a_member_who_completes_counts_once_from_that_day() -> None:
    holder = [post(1, "2026-01-01")]
    wanted = desired_entries(
        definition(), ALWAYS, holder, [done("2026-05-20", *holder), done("2026-08-01", *holder, id=2)]
    )
    assert wanted == {
        entry("roster", 1, "2026-01-01", None): 1,
        entry("coverage", 1, "2026-05-20"): 1,
        entry("output", 1, "2026-05-20"): 1,
    }


def test_an_annual_indicator_counts_a_person_again_the_next_year() -> None:
    holder = [post(1, "2025-01-01")]
    wanted = desired_entries(
        definition(), ALWAYS, holder, [done("2025-05-20", *holder), done("2026-02-01", *holder, id=2)]
    )
    assert wanted[entry("coverage", 1, "2025-05-20", 1, "2025")] == 1
    assert wanted[entry("coverage", 1, "2026-02-01", 2, "2026")] == 1


def test_a_transfer_moves_coverage_but_never_output() -> None:
    before, after = post(1, "2026-01-01", "2026-06-30", id=1), post(2, "2026-07-01", id=2)
    wanted = desired_entries(definition(), ALWAYS, [before, after], [done("2026-05-20", before)])
    assert wanted[entry("coverage", 1, "2026-05-20")] == 1
    assert wanted[entry("coverage", 1, "2026-07-01")] == -1
    assert wanted[entry("coverage", 2, "2026-07-01")] == 1
    assert wanted[entry("output", 1, "2026-05-20")] == 1
    assert not any(key.measure == "output" and key.unit_id == 2 for key in wanted)


def test_who_joins_after_completing_counts_from_joining() -> None:
    wanted = desired_entries(definition(), ALWAYS, [post(1, "2026-09-01")], [done("2026-03-01")])
    assert wanted[entry("coverage", 1, "2026-09-01")] == 1
    assert not any(key.measure == "output" for key in wanted), "no post that day: no output for a closed audience"


def test_who_leaves_stops_counting_the_day_after() -> None:
    holder = post(1, "2026-01-01", "2026-10-31")
    wanted = desired_entries(definition(), ALWAYS, [holder], [done("2026-03-01", holder)])
    assert wanted[entry("roster", 1, "2026-11-01", None)] == -1
    assert wanted[entry("coverage", 1, "2026-11-01")] == -1


def test_leaving_next_year_does_not_touch_this_year() -> None:
    holder = post(1, "2026-01-01", "2027-03-31")
    wanted = desired_entries(definition(), ALWAYS, [holder], [done("2026-03-01", holder)])
    assert [key for key in wanted if key.measure == "coverage"] == [entry("coverage", 1, "2026-03-01")]


@pytest.mark.parametrize(
    "completion",
    [done("2026-03-01", tags="YTE"), done("2026-03-01", how="evidence"), done("2022-12-31")],
    ids=["another tag", "another way", "before the version's first year"],
)
def test_what_the_indicator_does_not_count_earns_nothing(completion: CompletionFact) -> None:
    wanted = desired_entries(definition(), ALWAYS, [post(1, "2020-01-01")], [completion])
    assert {key.measure for key in wanted} == {"roster"}


def test_output_needs_a_post_inside_audience_and_scope_that_day() -> None:
    outside = post(OTHER_UNIT, "2026-01-01", "2026-06-30", id=1)
    inside = post(1, "2026-07-01", id=2)
    wanted = desired_entries(
        definition(), ALWAYS, [outside, inside], [done("2026-05-01", outside, id=1), done("2026-08-01", inside, id=2)]
    )
    assert wanted[entry("coverage", 1, "2026-07-01", 1)] == 1, "coverage counts it wherever it was earned"
    assert wanted[entry("output", 1, "2026-08-01", 2)] == 1


@pytest.mark.parametrize(
    ("year", "numerator", "denominator", "met"),
    [(2026, 2999, 3000, False), (2026, 3000, 3000, True), (2031, 90, 100, False), (2031, 91, 100, True)],
)
def test_met_compares_integers_before_rounding(year: int, numerator: int, denominator: int, met: bool) -> None:
    target = definition().target_of(year)
    assert target is not None
    assert target.met_by(numerator, denominator) is met


def test_there_is_no_target_before_the_first_milestone() -> None:
    assert definition().target_of(2024) is None


VALID = {"recurrence": "cumulative_valid", "how": frozenset({"online", "class", "evidence"})}


def until(completion: CompletionFact, last: str) -> CompletionFact:
    return replace(completion, valid_until=date.fromisoformat(last))


def test_what_expires_stops_counting_the_day_after_and_counts_again_when_renewed() -> None:
    holder = post(1, "2024-01-01")
    first = until(done("2024-03-10", holder, id=1), "2025-03-10")
    again = until(done("2025-06-01", holder, id=2, how="class"), "2026-06-01")
    wanted = desired_entries(definition(**VALID), ALWAYS, [holder], [first, again])
    for measure in ("coverage", "output"):
        assert {key: sign for key, sign in wanted.items() if key.measure == measure} == {
            entry(measure, 1, "2024-03-10", 1, ""): 1,
            entry(measure, 1, "2025-03-11", 1, ""): -1,
            entry(measure, 1, "2025-06-01", 2, ""): 1,
            entry(measure, 1, "2026-06-02", 2, ""): -1,
        }


def test_a_renewal_before_expiry_takes_over_without_a_gap_or_a_double() -> None:
    before, after = post(1, "2024-01-01", "2025-01-31", id=1), post(2, "2025-02-01", id=2)
    first = until(done("2024-03-10", before, id=1), "2025-03-10")
    again = until(done("2025-02-20", after, id=2), "2026-02-20")
    shorter = until(done("2025-02-25", after, id=3), "2025-12-31")
    wanted = desired_entries(definition(**VALID), ALWAYS, [before, after], [first, again, shorter])
    assert wanted[entry("coverage", 2, "2025-03-11", 1, "")] == -1
    assert wanted[entry("coverage", 2, "2025-03-11", 2, "")] == 1
    assert wanted[entry("output", 1, "2025-03-11", 1, "")] == -1, "output ends at expiry"
    assert wanted[entry("output", 2, "2025-03-11", 2, "")] == 1, "and passes to the unit of the renewal"
    assert not any(key.completion_id == 3 for key in wanted)


def test_whatever_the_mix_of_ways_a_person_counts_once_in_a_year() -> None:
    holder = post(1, "2026-01-01")
    ways = [done("2026-05-20", holder, id=3), done("2026-04-01", holder, id=7, how="class")]
    elsewhere = CompletionFact(9, date(2026, 3, 2), "evidence", frozenset(), "P04-NENTANG", "", (holder,))
    counts = definition(how=frozenset({"online", "class", "evidence"}), programmes=frozenset({"P04-NENTANG"}))
    wanted = desired_entries(counts, ALWAYS, [holder], [*ways, elsewhere])
    assert {key: sign for key, sign in wanted.items() if key.measure != "roster"} == {
        entry("coverage", 1, "2026-03-02", 9): 1,
        entry("output", 1, "2026-03-02", 9): 1,
    }
