"""Intervals of the Poisson bootstrap over customers."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest
from builders import Journey, warehouse_with_journeys

from cdp_assets.insight import bootstrap, compute_attribution

AS_OF = date(2017, 12, 31)


def with_linear_credits(journeys: list[Journey]) -> duckdb.DuckDBPyConnection:
    con = warehouse_with_journeys(journeys)
    con.execute(
        "create table attribution.attribution_linear as select conversion_id, touch_id, "
        "1.0::double / count(*) over (partition by conversion_id) as credit "
        "from journeys.path_touches where is_conversion"
    )
    return con


def intervals(con: duckdb.DuckDBPyConnection, where: str) -> list[dict]:
    return con.execute(f"select * from insight.attribution_intervals where {where}").df().to_dict("records")


def test_weights_are_poisson_with_mean_one_and_do_not_depend_on_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.hstack(list(bootstrap.poisson_weights(500)))
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 1_500)
    blocks = list(bootstrap.poisson_weights(500))
    assert len(blocks) == 67
    assert (np.hstack(blocks) == whole).all()
    assert whole.shape == (500, bootstrap.REPLICATES)
    assert whole.mean() == pytest.approx(1.0, abs=0.01)
    assert whole.var() == pytest.approx(1.0, abs=0.02)


def test_the_interval_of_a_count_has_the_width_of_a_poisson_count() -> None:
    con = with_linear_credits(
        [Journey(["email"], value=10.0, customer=f"c{number}") for number in range(400)]
    )
    compute_attribution(con, AS_OF)
    for model in ("linear", "markov_1"):
        (row,) = intervals(con, f"model = '{model}' and period = 'all' and customer_type = 'all'")
        assert row["conversions"] == pytest.approx(400)
        assert 350 < row["conversions_low"] < 370  # 400 - 1.96 * 20 = 361
        assert 430 < row["conversions_high"] < 450
        assert row["gross_revenue_low"] == pytest.approx(10 * row["conversions_low"])


def test_customers_are_drawn_whole() -> None:
    # one customer with all 400 conversions: in a third of the replicates there is nothing at all
    con = with_linear_credits([Journey(["email"], value=10.0, customer="anna") for _ in range(400)])
    compute_attribution(con, AS_OF)
    (row,) = intervals(con, "model = 'linear' and period = 'all' and customer_type = 'all'")
    assert row["conversions_low"] == 0
    assert row["conversions_high"] >= 1_200


def test_points_are_the_sums_of_credit_by_period_and_customer_type() -> None:
    con = with_linear_credits(
        [
            Journey(["email", "search"], value=60.0, customer="anna", is_new=True),
            Journey(["email"], value=40.0, customer="anna", day=date(2017, 4, 2), net_value=-10.0),
            Journey(["search"], customer="bert"),
        ]
    )
    compute_attribution(con, AS_OF)
    cells = {
        (row["period"], row["customer_type"], row["marketing_channel"]): row
        for row in intervals(con, "model = 'linear'")
    }
    assert cells["all", "all", "email"]["conversions"] == pytest.approx(1.5)
    assert cells["all", "all", "email"]["gross_revenue"] == pytest.approx(70.0)
    assert cells["all", "all", "email"]["net_revenue"] == pytest.approx(20.0)
    assert cells["2017-03", "new", "search"]["gross_revenue"] == pytest.approx(30.0)
    assert cells["2017-04", "returning", "email"]["net_revenue"] == pytest.approx(-10.0)
    assert ("2017-04", "all", "search") not in cells


def test_markov_points_equal_the_sums_of_its_credits_per_path() -> None:
    con = with_linear_credits(
        [
            Journey(["email", "search", "email"], value=60.0, customer="anna", is_new=True),
            Journey(["search"], value=40.0, customer="bert"),
            Journey(["display", "email"], customer="carl"),
            Journey(["display", "search"], value=5.0, customer="carl", day=date(2017, 5, 1)),
        ]
    )
    compute_attribution(con, AS_OF)
    differences = con.execute(
        """
        select max(abs(i.conversions - g.conversions)), max(abs(i.gross_revenue - g.value)),
        from insight.attribution_intervals i
        inner join insight.attribution_global g using (model, period, marketing_channel)
        where i.customer_type = 'all' and i.model = 'markov_1'
        """
    ).fetchone()
    assert differences == pytest.approx((0.0, 0.0), abs=1e-9)
    outside = con.execute(
        "select count(*) from insight.attribution_global "
        "where model = 'markov_1' and not conversions between conversions_low and conversions_high"
    ).fetchone()
    assert outside == (0,)


def test_campaigns_have_intervals_of_their_own() -> None:
    journeys = [
        Journey(
            ["email", "email", "search"], value=90.0, customer="anna", campaigns=["spring", None, "brand"]
        ),
        Journey(["email"], value=40.0, customer="bert", campaigns=["spring"]),
        Journey(["search"], customer="carl", campaigns=["brand"]),
    ]
    con = with_linear_credits(journeys)
    compute_attribution(con, AS_OF)
    query = "select marketing_channel, campaign, gross_revenue, conversions_low <= conversions_high from {} where {}"
    where = "model = 'linear' and period = 'all' and customer_type = 'all' order by 1, 2"
    found = con.execute(query.format("insight.attribution_campaign_intervals", where)).fetchall()
    assert found == [
        ("email", "spring", pytest.approx(70.0), True),
        ("search", "brand", pytest.approx(30.0), True),
    ]
    # markov_1: a campaign gets its share of its channel's touches, as its touches' credits say
    of_touches = con.execute(
        """
        select t.campaign, sum(c.credit)
        from insight.attribution_credits_markov_1 c
        inner join journeys.path_touches t using (conversion_id, touch_id)
        where t.campaign is not null
        group by 1 order by 1
        """
    ).fetchall()
    of_intervals = con.execute(
        "select campaign, conversions from insight.attribution_campaign_intervals "
        "where model = 'markov_1' and period = 'all' and customer_type = 'all' order by 1"
    ).fetchall()
    assert of_intervals == [(campaign, pytest.approx(credit)) for campaign, credit in of_touches]


def test_every_model_that_sql_built_gets_intervals_one_of_ones_own_too() -> None:
    con = with_linear_credits([Journey(["email"], value=10.0), Journey(["ads", "email"], value=30.0)])
    con.execute("create view attribution.attribution_of_ones_own as from attribution.attribution_linear")
    con.execute("create view attribution.attribution_markov_1 as from attribution.attribution_linear")
    con.execute("create table attribution.attribution_notes (conversion_id text)")
    summary = compute_attribution(con, AS_OF)
    assert summary.models_with_intervals == ("linear", "of_ones_own", "markov_1")
    where = "model = '{}' and period = 'all' and customer_type = 'all'"
    own, linear = intervals(con, where.format("of_ones_own")), intervals(con, where.format("linear"))
    assert own and [row | {"model": ""} for row in own] == [row | {"model": ""} for row in linear]


def test_paths_that_never_converted_give_no_intervals() -> None:
    con = with_linear_credits([Journey(["email"])])
    compute_attribution(con, AS_OF)
    assert intervals(con, "true") == []


def test_bounds_are_the_outer_two_and_a_half_percent() -> None:
    low, high = bootstrap.bounds(np.arange(201.0)[None])
    assert (low[0], high[0]) == pytest.approx((5.0, 195.0))
