"""The tables of compute_attribution on tiny warehouses: what goes in, what comes out, what is refused."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from builders import Journey, warehouse_with_journeys

from cdp_assets.insight import InsightInputProblem, compute_attribution
from cdp_assets.insight.tables import COMPUTED_MODELS, OUTPUT_COLUMNS

AS_OF = date(2017, 12, 31)
JOURNEYS = [
    Journey(["email", "search", "email"], value=60.0, customer="anna", is_new=True),
    Journey(["search"], value=40.0, customer="bert", day=date(2017, 4, 1)),
    Journey(["display", "email"], customer="carl"),
    Journey(["display"], customer="anna", day=date(2017, 4, 9)),
    Journey(["search", "search"], value=20.0, customer="dora", net_value=-5.0),
]


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


@pytest.fixture
def computed() -> duckdb.DuckDBPyConnection:
    con = warehouse_with_journeys(JOURNEYS)
    compute_attribution(con, AS_OF)
    return con


@pytest.mark.parametrize("model", COMPUTED_MODELS)
def test_credit_sums_to_one_for_every_conversion(computed: duckdb.DuckDBPyConnection, model: str) -> None:
    sums = rows(
        computed, f"select conversion_id, sum(credit) from insight.attribution_credits_{model} group by 1"
    )
    assert {conversion for conversion, _ in sums} == {"p0", "p1", "p4"}
    assert all(total == pytest.approx(1.0, abs=1e-12) for _, total in sums)


def test_a_channel_shares_its_credit_equally_among_its_touches(computed: duckdb.DuckDBPyConnection) -> None:
    shapley = dict(
        rows(
            computed,
            "select touch_id, credit from insight.attribution_credits_shapley where conversion_id = 'p0'",
        )
    )
    assert shapley == pytest.approx({"p0-1": 0.25, "p0-2": 0.5, "p0-3": 0.25})


def test_credit_per_conversion_is_proportional_to_removal_effects(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    effect = dict(
        rows(
            computed,
            "select marketing_channel, removal_effect_conversions from insight.attribution_global "
            "where model = 'markov_1' and period = 'all'",
        )
    )
    search = rows(
        computed, "select credit from insight.attribution_credits_markov_1 where touch_id = 'p0-2'"
    )[0][0]
    assert search == pytest.approx(effect["search"] / (effect["search"] + effect["email"]))


def test_global_credit_totals_to_conversions_and_value_per_model_and_period(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    totals = rows(
        computed,
        "select model, period, sum(conversions), sum(value) from insight.attribution_global group by all",
    )
    assert len(totals) == len(COMPUTED_MODELS) * 3
    expected = {"all": (3, 120.0), "2017-03": (2, 80.0), "2017-04": (1, 40.0)}
    for _, period, conversions, value in totals:
        assert (conversions, value) == pytest.approx(expected[period])


def test_both_totals_are_shown_with_their_difference(computed: duckdb.DuckDBPyConnection) -> None:
    for by_path, by_chain, difference in rows(
        computed,
        "select path_conversions, conversions, conversions_difference from insight.attribution_global",
    ):
        assert difference == pytest.approx(by_path - by_chain)
    largest = rows(
        computed, "select max(abs(value_difference)) from insight.attribution_global where model = 'shapley'"
    )
    assert largest[0][0] == pytest.approx(0.0, abs=1e-9)


def test_transitions_count_steps_and_their_probabilities_sum_to_one(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    steps = {
        (origin, target): count
        for origin, target, count in rows(
            computed,
            "select from_state, to_state, transitions from insight.attribution_chain_transitions where period = 'all'",
        )
    }
    assert steps["(start)", "display"] == 2
    assert steps["search", "(conversion)"] == 2
    assert steps["display", "(null)"] == 1
    sums = rows(
        computed,
        "select sum(probability) from insight.attribution_chain_transitions group by period, from_state",
    )
    assert all(total == pytest.approx(1.0) for (total,) in sums)


def test_no_touches_give_empty_typed_tables() -> None:
    con = warehouse_with_journeys([])
    summary = compute_attribution(con, AS_OF)
    assert summary.conversions == summary.marketing_channels == summary.periods == 0
    for name in OUTPUT_COLUMNS:
        if name.startswith("attribution_") and name != "attribution_model_status":
            assert rows(con, f"select count(*) from insight.{name}") == [(0,)]
    assert {kind for _, kind, *_ in rows(con, "describe insight.attribution_credits_markov_1")} == {
        "VARCHAR",
        "DOUBLE",
    }


def test_no_conversions_give_no_credit_but_a_chain() -> None:
    con = warehouse_with_journeys(
        [Journey(["email"], customer="anna"), Journey(["email", "search"], customer="bert")]
    )
    summary = compute_attribution(con, AS_OF)
    assert (summary.conversions, summary.null_paths) == (0, 2)
    assert rows(con, "select sum(conversions), sum(value) from insight.attribution_global") == [(0.0, 0.0)]
    assert rows(con, "select count(*) from insight.attribution_chain_transitions where period = 'all'") == [
        (4,)
    ]
    assert rows(con, "select count(*) from insight.attribution_credits_markov_2") == [(0,)]


def test_one_channel_only_gets_all_credit_in_every_model() -> None:
    con = warehouse_with_journeys([Journey(["email", "email"], value=10.0), Journey(["email"])])
    compute_attribution(con, AS_OF)
    for conversions, value in rows(con, "select conversions, value from insight.attribution_global"):
        assert (conversions, value) == pytest.approx((1.0, 10.0))


def test_a_conversion_of_zero_value_keeps_its_credit() -> None:
    con = warehouse_with_journeys([Journey(["email", "search"], value=0.0)])
    compute_attribution(con, AS_OF)
    assert rows(con, "select sum(credit) from insight.attribution_credits_markov_1") == [
        (pytest.approx(1.0),)
    ]
    assert rows(con, "select sum(value) from insight.attribution_global") == [(0.0,)]


def test_markov_shapley_is_said_to_be_unavailable_beyond_sixteen_channels() -> None:
    con = warehouse_with_journeys([Journey([f"channel {number:02d}" for number in range(17)], value=10.0)])
    summary = compute_attribution(con, AS_OF)
    assert list(summary.unavailable) == ["markov_shapley"]
    status = dict(rows(con, "select model, reason from insight.attribution_model_status"))
    assert "at most 16 marketing channels, there are 17" in status["markov_shapley"]
    assert status["markov_3"] is None
    assert rows(con, "select count(*) from insight.attribution_credits_markov_shapley") == [(0,)]


def test_the_same_input_gives_the_same_tables_in_any_row_order() -> None:
    found = []
    for journeys_order in ("order by all", "order by touch_id desc"):
        con = warehouse_with_journeys(JOURNEYS)
        con.execute(f"create table sorted as select * from journeys.path_touches {journeys_order}")
        con.execute("create or replace table journeys.path_touches as select * from sorted")
        compute_attribution(con, AS_OF)
        found.append(
            [
                rows(con, f"select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from insight.{name} t")
                for name in OUTPUT_COLUMNS
                if name.startswith("attribution_")
            ]
        )
    assert found[0] == found[1]


def test_nothing_temporary_is_left_behind(computed: duckdb.DuckDBPyConnection) -> None:
    assert rows(computed, "select table_name from duckdb_tables() where temporary") == []


@pytest.mark.parametrize(
    ("breaking", "message"),
    [
        (
            "set conversion_value = -1 where conversion_id = 'p1'",
            "1 touches belong to a conversion without conversion_v",
        ),
        (
            "set conversion_value = 'nan' where conversion_id = 'p1'",
            "1 touches belong to a conversion without conv",
        ),
        (
            "set conversion_value = null where conversion_id = 'p1'",
            "1 touches belong to a conversion without conv",
        ),
        ("set null_path_id = 'x' where conversion_id = 'p1'", "1 touches have neither or both"),
        (
            "set is_conversion = false where conversion_id = 'p1'",
            "1 touches have an is_conversion that disagrees",
        ),
        ("set marketing_channel = null where conversion_id = 'p1'", "1 touches have no marketing_channel"),
        (
            "set customer_id = null where conversion_id = 'p1'",
            "1 touches have no touch_id, customer_id or path_date",
        ),
        ("set position = 7 where touch_id = 'p0-2'", "1 paths have positions other than 1, 2, 3"),
        (
            "set customer_id = 'eve' where touch_id = 'p0-2'",
            "1 paths have more than one customer, date or value",
        ),
    ],
)
def test_a_broken_contract_is_refused_with_counts_and_without_values(breaking: str, message: str) -> None:
    con = warehouse_with_journeys(JOURNEYS)
    con.execute(f"update journeys.path_touches {breaking}")
    with pytest.raises(InsightInputProblem) as problem:
        compute_attribution(con, AS_OF)
    assert message in str(problem.value)
    assert "eve" not in str(problem.value)


def test_a_missing_table_or_column_is_named() -> None:
    con = warehouse_with_journeys([])
    con.execute("alter table journeys.path_touches drop column path_date")
    with pytest.raises(InsightInputProblem, match=r"journeys\.path_touches lacks path_date"):
        compute_attribution(con, AS_OF)
    con.execute("drop table journeys.path_touches")
    with pytest.raises(InsightInputProblem, match=r"journeys\.path_touches does not exist"):
        compute_attribution(con, AS_OF)
