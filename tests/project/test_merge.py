"""Merging two edits of one text: nothing is lost, nothing is taken twice, and what cannot be decided is marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.project.merge import Merged, has_marks, merge

texts = st.lists(st.sampled_from("abcdef"), max_size=8).map(
    lambda lines: "".join(f"{each}\n" for each in lines)
)


def merged(base: str, yours: str, theirs: str) -> Merged:
    return merge(base, yours, theirs, your_name="yours", their_name="theirs")


@given(texts, texts)
def test_what_one_side_left_alone_is_the_other_sides(base: str, edited: str) -> None:
    assert merged(base, base, edited) == Merged(edited, 0)
    assert merged(base, edited, base) == Merged(edited, 0)


@given(texts, texts)
def test_the_same_edit_on_both_sides_is_no_conflict(base: str, edited: str) -> None:
    assert merged(base, edited, edited) == Merged(edited, 0)


@given(texts, texts, texts)
def test_a_conflict_is_marked_and_only_a_conflict(base: str, yours: str, theirs: str) -> None:
    found = merged(base, yours, theirs)
    assert has_marks(found.text) == (found.conflicts > 0)


@given(texts, texts, texts)
def test_no_line_that_a_side_added_is_lost(base: str, yours: str, theirs: str) -> None:
    found = merged(base, yours, theirs).text.splitlines()
    for side in (yours, theirs):
        assert {*side.splitlines()} - {*base.splitlines()} <= {*found}


def test_edits_of_different_lines_are_both_taken() -> None:
    found = merged("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n")
    assert found == Merged("A\nb\nc\nD\n", 0)


def test_edits_of_the_same_line_stand_between_marks() -> None:
    found = merged("a\nb\nc\n", "a\nmine\nc\n", "a\nours\nc\n")
    assert found == Merged("a\n<<<<<<< yours\nmine\n=======\nours\n>>>>>>> theirs\nc\n", 1)


def test_a_last_line_without_its_end_keeps_the_marks_on_lines_of_their_own() -> None:
    assert merged("a", "b", "c").text == "<<<<<<< yours\nb\n=======\nc\n>>>>>>> theirs\n"
