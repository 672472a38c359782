"""What Splink's SQL and string functions are on Spark; no Spark is asked."""

from __future__ import annotations

import pytest

from cdp_assets.identity.scoring.on_spark import hamming, in_sparks_words
from cdp_assets.identity.scoring.string_functions import MEANING


@pytest.mark.parametrize(
    ("left", "right", "apart"), [(a, b, n) for function, a, b, n in MEANING if function == "hamming"]
)
def test_hamming_counts_characters(left: str, right: str, apart: float) -> None:
    assert hamming(left, right) == apart
    assert hamming(left, None) is None


def test_numbers_are_doubles_on_spark() -> None:
    sql = in_sparks_words(
        "select cast(1e-7 as double) * cast(a as double) + cast('Infinity' as double) from t"
    )
    assert "1e-7D * CAST(a AS DOUBLE) + CAST('Infinity' AS DOUBLE)" in sql


def test_no_frequency_is_looked_up_beside_the_table() -> None:
    sql = in_sparks_words(
        "select a.*, no_terms.tf_b from a left join no_terms on a.b = no_terms.b left join c on a.b = c.b"
    )
    assert sql == "SELECT a.* FROM a LEFT JOIN c ON a.b = c.b"
