"""The tables of compute_attribution on tiny warehouses: what goes in, what comes out, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

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


AS_PATHS_PERMIT = [
    *[Journey(["search"], value=10.0, customer=f"s{n}") for n in range(60)],
    *[Journey(["search"], customer=f"sn{n}") for n in range(40)],
    *[Journey(["social", "search"], value=10.0, customer=f"b{n}") for n in range(48)],
    *[Journey(["social", "search"], customer=f"bn{n}") for n in range(70)],
    *[Journey(["social"], value=10.0, customer=f"o{n}") for n in range(2)],
    *[Journey(["social"], customer=f"on{n}") for n in range(60)],
]
NO_PATH_PERMITS = [
    *[Journey(["a"], value=10.0, customer=f"a{n}") for n in range(100)],
    *[Journey(["b", "c"], value=20.0, customer=f"bc{n}") for n in range(100)],
]


def global_rows(con: duckdb.DuckDBPyConnection, model: str, period: str = "all") -> dict[str, list[Any]]:
    return {
        channel: rest
        for channel, *rest in rows(
            con,
            "select marketing_channel, status, raw_conversions, conversions, value from insight.attribution_global "
            f"where model = '{model}' and period = '{period}'",
        )
    }


@pytest.mark.parametrize("model", COMPUTED_MODELS)
@pytest.mark.parametrize(
    "journeys", [JOURNEYS, AS_PATHS_PERMIT, NO_PATH_PERMITS], ids=["few", "permitted", "not"]
)
def test_a_models_global_credit_is_the_sum_of_its_credits(model: str, journeys: list[Journey]) -> None:
    con = warehouse_with_journeys(journeys)
    compute_attribution(con, AS_OF)
    by_touch = rows(
        con,
        f"""
        select strftime(path_date, '%Y-%m'), marketing_channel, sum(credit), sum(credit * conversion_value)
        from insight.attribution_credits_{model} inner join journeys.path_touches using (conversion_id, touch_id)
        group by all
        """,
    )
    for period, channel, conversions, value in by_touch:
        assert global_rows(con, model, period)[channel][2:] == [
            pytest.approx(conversions, abs=1e-9),
            pytest.approx(value),
        ]
    for channel, (_, raw, conversions, value) in global_rows(con, model).items():
        months = [month for month in by_touch if month[1] == channel]
        assert conversions == pytest.approx(sum(month[2] for month in months), abs=1e-9)
        assert value == pytest.approx(sum(month[3] for month in months), abs=1e-6)
        assert raw >= 0


def test_the_chains_credit_is_reached_where_paths_permit_it() -> None:
    con = warehouse_with_journeys(AS_PATHS_PERMIT)
    compute_attribution(con, AS_OF)
    for status, raw, conversions, _ in global_rows(con, "markov_1", "2017-03").values():
        assert status == "exact"
        assert conversions == pytest.approx(raw, abs=1e-9)


def test_credit_that_no_path_carries_is_projected_and_says_so() -> None:
    con = warehouse_with_journeys(NO_PATH_PERMITS)
    compute_attribution(con, AS_OF)
    third = pytest.approx(200 / 3)
    for model in ("markov_1", "markov_2", "markov_3"):
        assert global_rows(con, model, "2017-03") == {
            "a": ["projected", third, pytest.approx(100), pytest.approx(1000)],
            "b": ["projected", third, pytest.approx(50), pytest.approx(1000)],
            "c": ["projected", third, pytest.approx(50), pytest.approx(1000)],
        }
    assert {row[0] for row in global_rows(con, "shapley").values()} == {"exact"}


def test_intervals_are_those_of_the_figure_that_is_published() -> None:
    con = warehouse_with_journeys([*AS_PATHS_PERMIT, *NO_PATH_PERMITS])
    compute_attribution(con, AS_OF)
    for channel, *figures in rows(
        con,
        "select g.marketing_channel, g.conversions, g.conversions_low, g.conversions_high, i.conversions, i.conversions_low "
        "from insight.attribution_global g inner join insight.attribution_intervals i using (model, period, marketing_channel) "
        "where model = 'markov_1' and period = '2017-03' and customer_type = 'all'",
    ):
        assert figures[0] == pytest.approx(figures[3], abs=1e-9)
        assert figures[1] == figures[4] < figures[0] < figures[2], channel


WITH_DIRECT = [
    Journey(["direct"], value=10.0, customer="anna"),
    Journey(["direct", "direct"], value=20.0, customer="bert"),
    Journey(["email", "direct"], value=30.0, customer="carl"),
    Journey(["direct", "email", "search", "direct"], value=40.0, customer="dora"),
    Journey(["direct"], customer="emil"),
    Journey(["search", "direct"], customer="fred"),
]


@pytest.mark.parametrize("model", COMPUTED_MODELS)
def test_direct_is_credited_where_nothing_else_is_on_the_path(model: str) -> None:
    con = warehouse_with_journeys(WITH_DIRECT)
    compute_attribution(con, AS_OF)
    credits = dict(rows(con, f"select touch_id, credit from insight.attribution_credits_{model}"))
    assert credits["p0-1"] == pytest.approx(1.0)
    assert (credits["p1-1"], credits["p1-2"]) == pytest.approx((0.5, 0.5))
    assert credits["p2-1"] == pytest.approx(1.0)
    assert credits["p3-2"] + credits["p3-3"] == pytest.approx(1.0)
    assert set(credits) == {"p0-1", "p1-1", "p1-2", "p2-1", "p3-2", "p3-3"}
    assert global_rows(con, model)["direct"][1:] == pytest.approx([2.0, 2.0, 30.0])
    chain = rows(con, "select distinct to_state from insight.attribution_chain_transitions order by 1")
    assert chain == [("(conversion)",), ("(null)",), ("email",), ("search",)]


@pytest.mark.parametrize("model", COMPUTED_MODELS)
def test_direct_may_be_kept_like_any_other_channel(model: str) -> None:
    con = warehouse_with_journeys(WITH_DIRECT)
    compute_attribution(con, AS_OF, drop_direct=False)
    credits = dict(rows(con, f"select touch_id, credit from insight.attribution_credits_{model}"))
    assert len(credits) == 9
    assert credits["p2-2"] > 0


def test_direct_counts_in_the_intervals_as_it_does_in_the_credit() -> None:
    con = warehouse_with_journeys([Journey(["direct"], value=10.0, customer=f"c{n}") for n in range(400)])
    compute_attribution(con, AS_OF)
    ((low, conversions, high),) = rows(
        con,
        "select conversions_low, conversions, conversions_high from insight.attribution_intervals "
        "where model = 'markov_1' and period = 'all' and customer_type = 'all'",
    )
    assert 350 < low < 370 and conversions == pytest.approx(400) and 430 < high < 450


def test_an_anonymous_order_has_a_path_of_its_own() -> None:
    con = warehouse_with_journeys(
        [Journey(["email"], value=10.0, customer=None), Journey(["email"], value=10.0, customer=None)]
    )
    assert compute_attribution(con, AS_OF).conversions == 2
    # two orders of two unknown people: drawn apart, so that one of them may be missing
    ((low, high),) = rows(
        con,
        "select conversions_low, conversions_high from insight.attribution_intervals "
        "where model = 'markov_1' and period = 'all' and customer_type = 'all'",
    )
    assert low == 0 and high < 6


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
            "1 touches have no customer_id, and are not of an anonymous order",
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
