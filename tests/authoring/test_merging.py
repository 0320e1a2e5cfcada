"""Two authors at one lesson: whatever they do, no paragraph of either is lost without somebody having chosen so."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.authoring.lesson_form import LessonFields
from app.authoring.merging import Merged, merge
from app.catalogue.source import Citation

BASE = LessonFields(
    title="Ký số", minutes="10", objectives="Ký được.\nKiểm được.", role="Chị Hoa", body="Một.\n\nHai.\n\nBa.",
    sources=(Citation("Luật", "20/2023"),),
)  # fmt: skip


def put_together(mine: LessonFields, theirs: LessonFields, **picks: str) -> Merged:
    return merge(BASE, mine, theirs, picks)


def test_changes_at_different_places_go_together() -> None:
    mine = replace(BASE, body="Một, tôi sửa.\n\nHai.\n\nBa.", minutes="12")
    theirs = replace(BASE, body="Một.\n\nHai.\n\nBa.\n\nBốn, người kia thêm.", title="Ký số hằng ngày")
    merged = put_together(mine, theirs)
    assert merged.clashes == ()
    assert merged.fields.body == "Một, tôi sửa.\n\nHai.\n\nBa.\n\nBốn, người kia thêm."
    assert (merged.fields.title, merged.fields.minutes) == ("Ký số hằng ngày", "12")


def test_the_same_paragraph_changed_twice_is_a_choice() -> None:
    mine, theirs = replace(BASE, body="Một.\n\nHai A.\n\nBa."), replace(BASE, body="Một.\n\nHai B.\n\nBa.")
    [clash] = put_together(mine, theirs).clashes
    assert (clash.mine, clash.theirs) == ("Hai A.", "Hai B.")
    bodies = {pick: put_together(mine, theirs, **{clash.key: pick}) for pick in ("mine", "theirs", "both")}
    assert all(merged.clashes == () for merged in bodies.values())
    assert bodies["mine"].fields.body == "Một.\n\nHai A.\n\nBa."
    assert bodies["theirs"].fields.body == "Một.\n\nHai B.\n\nBa."
    assert bodies["both"].fields.body == "Một.\n\nHai A.\n\nHai B.\n\nBa."


def test_neighbours_changed_by_one_author_each_go_together() -> None:
    mine, theirs = replace(BASE, body="Một.\n\nHai A.\n\nBa."), replace(BASE, body="Một.\n\nHai.\n\nBa B.")
    merged = put_together(mine, theirs)
    assert merged.clashes == ()
    assert merged.fields.body == "Một.\n\nHai A.\n\nBa B."
    # Where one of two neighbours went, nobody can tell which became what.
    [clash] = put_together(replace(BASE, body="Một.\n\nBa."), replace(BASE, body="Một.\n\nHai B.\n\nBa B.")).clashes
    assert (clash.mine, clash.theirs) == ("Ba.", "Hai B.\n\nBa B.")


def test_a_paragraph_deleted_here_and_changed_there_is_a_choice() -> None:
    merged = put_together(replace(BASE, body="Một.\n\nBa."), replace(BASE, body="Một.\n\nHai B.\n\nBa."))
    assert [(clash.mine, clash.theirs) for clash in merged.clashes] == [("", "Hai B.")]


def test_two_titles_are_a_choice_and_sources_of_both_stay() -> None:
    mine = replace(BASE, title="A", sources=(*BASE.sources, Citation("Nghị định", "23/2025")))
    theirs = replace(BASE, title="B", sources=(*BASE.sources, Citation("Nghị định", "30/2020")))
    merged = put_together(mine, theirs)
    assert [(clash.field, clash.may_be_both) for clash in merged.clashes] == [("title", False)]
    assert [source.ref for source in merged.fields.sources] == ["20/2023", "23/2025", "30/2020"]


def test_what_both_did_alike_is_done_once() -> None:
    same = replace(BASE, body="Một.\n\nHai mới.\n\nBa.\n\nBốn.")
    merged = put_together(same, same)
    assert merged == Merged(same, ())


paragraphs = st.lists(st.sampled_from(["Một.", "Hai.", "Ba.", "Bốn.", "Năm."]), max_size=6)
edited = st.lists(st.sampled_from(["Một.", "Hai.", "Ba.", "Bốn.", "Năm.", "Sáu.", "Bảy.", "Tám."]), max_size=8)


@given(base=paragraphs, mine=edited, theirs=edited)
def test_a_paragraph_either_wrote_is_kept_or_asked_about(base: list[str], mine: list[str], theirs: list[str]) -> None:
    fields = [replace(BASE, body="\n\n".join(one)) for one in (base, mine, theirs)]
    merged = merge(fields[0], fields[1], fields[2], {})
    shown = merged.fields.body.split("\n\n") + [
        block for clash in merged.clashes for block in (*clash.mine.split("\n\n"), *clash.theirs.split("\n\n"))
    ]
    for written in ({*mine} - {*base}) | ({*theirs} - {*base}):
        assert written in shown


@given(base=paragraphs, mine=edited)
def test_who_alone_changed_something_gets_exactly_that(base: list[str], mine: list[str]) -> None:
    start, changed = (replace(BASE, body="\n\n".join(one)) for one in (base, mine))
    for merged in (merge(start, changed, start, {}), merge(start, start, changed, {})):
        assert merged.clashes == ()
        assert merged.fields.body == "\n\n".join(mine)
