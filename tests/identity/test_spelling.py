"""Few errors are as few as the Damerau–Levenshtein distance says, whatever is asked before it."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity.evidence.spelling import few_errors

WORDS = st.lists(st.text("abc", max_size=8), min_size=8, max_size=8)


@pytest.mark.parametrize("most", [1, 2, 3])
@given(words=WORDS)
@settings(deadline=None, max_examples=60)
def test_few_errors_are_those_that_the_distance_counts(most: int, words: list[str]) -> None:
    pairs = "(select l.w as l, r.w as r from (select unnest($words) as w) as l, (select unnest($words) as w) as r)"
    found = duckdb.execute(
        f"select l, r, {few_errors('l', 'r', most)}, damerau_levenshtein(l, r) <= {most} from {pairs}",
        {"words": words},
    ).fetchall()
    assert [row[2] for row in found] == [row[3] for row in found]


def test_a_missing_text_has_no_distance() -> None:
    assert duckdb.sql(f"select {few_errors('null::varchar', repr('ann'), 1)}").fetchall() == [(None,)]
