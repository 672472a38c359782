"""Models beside the true lift, checked by hand on four conversions."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets import insight


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Four web shop orders and one of a store: last touch gives all to direct, linear half to e-mail."""
    made = duckdb.connect()
    made.execute(
        """
        create schema marts;
        create table marts.attribution_credits as
        from (values
            ('last_touch', 'shopify:1', 'shopify', 't1', 'direct', 1.0), ('last_touch', 'shopify:2', 'shopify', 't3', 'direct', 1.0),
            ('linear', 'shopify:1', 'shopify', 't1', 'direct', 1.0), ('linear', 'shopify:2', 'shopify', 't2', 'email', 0.5),
            ('linear', 'shopify:2', 'shopify', 't3', 'direct', 0.5), ('linear', 'square:9', 'square', 't9', 'store', 1.0),
            ('linear', 'shopify:3', 'shopify', null, 'unattributed', 1.0)
        ) as credits(attribution_model, conversion_id, channel, touch_id, marketing_channel, credit)
        """
    )
    return made


def write_lift(folder: Path, rows: str) -> Path:
    (folder / "marketing_lift.csv").write_text("marketing_channel,true_share\n" + rows)
    return folder


def test_misplaced_is_the_credit_that_would_have_to_move(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = insight.compare_with_lift(con, write_lift(tmp_path, "direct,0\nemail,0.9\nreferral,0.1\n"))
    assert found.true_shares == {"email": 0.9, "referral": 0.1, "direct": 0.0}
    assert [one.model for one in found.models] == ["linear", "last_touch"]
    linear, last_touch = found.models
    # a store's order and a conversion without touches are no credit of the web shop
    assert linear.shares == {"email": 0.25, "referral": 0.0, "direct": 0.75}
    assert linear.misplaced == pytest.approx(0.75)
    assert last_touch.misplaced == pytest.approx(1.0)
    # without direct, what linear credits is e-mail's: the tenth of referral is wrong; last touch credits no marketing at all
    assert linear.misplaced_of_marketing == pytest.approx(0.1)
    assert last_touch.misplaced_of_marketing == pytest.approx(1.0)
    # one order has direct alone on its path, the other e-mail too: half of the truth cannot be reached
    assert found.least == pytest.approx(0.5)


def test_a_channel_that_the_truth_does_not_name_counts_as_misplaced(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = insight.compare_with_lift(con, write_lift(tmp_path, "email,1\n"))
    assert {one.model: one.misplaced for one in found.models} == {"linear": 0.75, "last_touch": 1.0}
    assert found.models[0].shares == {"email": 0.25, "direct": 0.75}


def test_a_truth_without_lift_is_an_error_that_says_so(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(insight.InsightInputProblem, match="0 marketing channels have true lift"):
        insight.compare_with_lift(con, write_lift(tmp_path, "email,\n"))
    con.execute("drop table marts.attribution_credits")
    with pytest.raises(insight.InsightInputProblem, match="does not exist"):
        insight.compare_with_lift(con, tmp_path)
