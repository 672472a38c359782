"""The tables of compute_customer_value on small warehouses: figures, fall-backs, calibration, refusals."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest
from builders import simulated_purchases, warehouse_with_purchases

from cdp_assets.insight import (
    InsightInputProblem,
    ModelFit,
    bgnbd,
    calibration,
    compute_customer_value,
    gamma_gamma,
    read_previous_parameters,
    save_calibration_plot,
)
from cdp_assets.insight.calibration import Calibration
from cdp_assets.insight.customer_value import DAYS_PER_MONTH
from cdp_assets.insight.likelihood import NotConverged
from cdp_assets.insight.tables import OUTPUT_COLUMNS
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

AS_OF = date(2017, 12, 31)
YESTERDAY = date(2017, 12, 30)
PREVIOUS = {
    "bg_nbd": ModelFit(
        "bg_nbd", "fitted", YESTERDAY, {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 2.5}, -1.0, 900
    ),
    "gamma_gamma": ModelFit("gamma_gamma", "fitted", YESTERDAY, {"p": 6.2, "q": 3.7, "v": 15.0}, -1.0, 500),
}


@pytest.fixture(scope="module")
def population() -> list[tuple[str, date, float]]:
    return simulated_purchases(600)


UNTAUGHT = Calibration()


@pytest.fixture(scope="module")
def untaught(population: list[tuple[str, date, float]]) -> duckdb.DuckDBPyConnection:
    """Customer value without a holdout's correction: the models' own figures."""
    con = warehouse_with_purchases(population)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "write_calibration", lambda *_: UNTAUGHT)
        compute_customer_value(con, AS_OF)
    return con


@pytest.fixture(scope="module")
def computed(population: list[tuple[str, date, float]]) -> duckdb.DuckDBPyConnection:
    con = warehouse_with_purchases(population)
    compute_customer_value(con, AS_OF)
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_there_is_one_row_per_customer_with_a_purchase_day(
    computed: duckdb.DuckDBPyConnection, population: list[tuple[str, date, float]]
) -> None:
    (counts,) = rows(computed, "select count(*), count(distinct customer_id) from insight.customer_value")
    assert counts == (len({customer for customer, *_ in population}),) * 2


def test_both_models_are_fitted_and_the_correlation_is_reported(computed: duckdb.DuckDBPyConnection) -> None:
    fits = rows(
        computed,
        "select model, status, fitted_as_of_date, message, frequency_value_correlation is not null "
        "from insight.customer_value_fit order by model",
    )
    assert fits == [("bg_nbd", "fitted", AS_OF, None, False), ("gamma_gamma", "fitted", AS_OF, None, True)]


def test_figures_per_customer_are_those_of_the_models(untaught: duckdb.DuckDBPyConnection) -> None:
    computed = untaught
    (row,) = rows(computed, "select r, alpha, a, b from insight.customer_value_fit where model = 'bg_nbd'")
    model = bgnbd.BgNbd(*row)
    (row,) = rows(computed, "select p, q, v from insight.customer_value_fit where model = 'gamma_gamma'")
    money = gamma_gamma.GammaGamma(*row)
    table = computed.execute("select * from insight.customer_value order by customer_id").df()
    x, t_x, T = (table[name].to_numpy(float) for name in ("repeat_purchase_days", "recency_days", "age_days"))
    alive = bgnbd.probability_alive(model, x, t_x, T)
    assert table["probability_alive"].to_numpy() == pytest.approx(alive)
    silence = bgnbd.probability_of_silence(model, x, T, alive, 6 * DAYS_PER_MONTH)
    assert table["probability_no_purchase_6_months"].to_numpy() == pytest.approx(silence)
    for months in (3, 6, 12):
        expected = bgnbd.expected_if_alive(model, x, T, months * DAYS_PER_MONTH) * alive
        assert table[f"expected_purchase_days_{months}_months"].to_numpy() == pytest.approx(expected)
    value = gamma_gamma.expected_order_value(money, x, table["mean_repeat_value"].to_numpy())
    assert table["expected_order_value"].to_numpy() == pytest.approx(value)
    worth, before = np.zeros(len(table)), np.zeros(len(table))
    for month in range(1, 13):
        until = bgnbd.expected_if_alive(model, x, T, month * DAYS_PER_MONTH) * alive
        worth += (until - before) * value / 1.1 ** (month / 12)  # a tenth a year, paid at each month's end
        before = until
    assert table["discounted_value_12_months"].to_numpy() == pytest.approx(worth)


def test_without_discount_a_year_is_worth_its_expected_purchase_days(
    population: list[tuple[str, date, float]],
) -> None:
    con = warehouse_with_purchases(population)
    compute_customer_value(con, AS_OF, discount_rate=0.0)
    (largest,) = rows(
        con,
        "select max(abs(discounted_value_12_months - expected_purchase_days_12_months * expected_order_value)) "
        "from insight.customer_value",
    )
    assert largest[0] == pytest.approx(0.0, abs=1e-9)


def test_one_time_buyers_take_the_populations_order_value_and_say_so(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        computed,
        "select is_population_order_value, count(distinct expected_order_value), bool_and(mean_repeat_value is null) "
        "from insight.customer_value group by 1, repeat_purchase_days = 0 order by 1",
    )
    assert [row[0] for row in found] == [False, True]
    assert found[1][1:] == (1, True)


def test_histories_count_repeat_days_and_end_at_as_of_date() -> None:
    days = [
        ("anna", date(2017, 3, 1), 10.0),
        ("anna", date(2017, 3, 11), 30.0),
        ("anna", date(2017, 5, 1), 50.0),
    ]
    con = warehouse_with_purchases(days)
    compute_customer_value(con, date(2017, 5, 11), PREVIOUS)
    assert rows(
        con,
        "select repeat_purchase_days, recency_days, age_days, mean_repeat_value from insight.customer_value",
    ) == [(2, 61, 71, 40.0)]


def test_days_without_positive_net_and_days_after_as_of_date_are_no_purchase_days() -> None:
    days = [
        ("anna", date(2017, 3, 1), 0.0), ("anna", date(2017, 3, 2), -5.0), ("anna", date(2017, 3, 5), 10.0),
        ("anna", date(2018, 1, 1), 10.0), ("bert", date(2017, 3, 1), -1.0),
    ]  # fmt: skip
    con = warehouse_with_purchases(days)
    compute_customer_value(con, AS_OF, PREVIOUS)
    assert rows(con, "select customer_id, repeat_purchase_days, age_days from insight.customer_value") == [
        ("anna", 0, 301)
    ]


def test_who_bought_before_the_data_is_scored_but_not_fitted(
    population: list[tuple[str, date, float]],
) -> None:
    earlier = frozenset(customer for customer, *_ in population if customer < "c00100")
    con = warehouse_with_purchases(population, earlier)
    summary = compute_customer_value(con, AS_OF)
    assert summary.customers_in_fit == summary.customers - len(earlier)
    assert rows(con, "select count(*) from insight.customer_value where not is_in_fit") == [(len(earlier),)]
    assert rows(con, "select customers from insight.customer_value_fit where model = 'bg_nbd'") == [
        (summary.customers_in_fit,)
    ]


@pytest.mark.parametrize("customers", [0, 5])
def test_too_few_customers_give_empty_typed_tables_and_a_warning(customers: int) -> None:
    con = warehouse_with_purchases(simulated_purchases(customers))
    summary = compute_customer_value(con, AS_OF)
    assert summary.statuses == {"bg_nbd": "unavailable", "gamma_gamma": "unavailable"}
    assert f"there are {customers} customers to learn from, at least 100 are needed" in summary.warnings[0]
    for name in ("customer_value", "customer_value_calibration", "customer_value_calibration_by_frequency"):
        assert rows(con, f"select count(*) from insight.{name}") == [(0,)]
    described = rows(con, "describe insight.customer_value")
    assert len(described) == OUTPUT_COLUMNS["customer_value"].count(",") + 1


def test_yesterdays_parameters_serve_where_customers_are_all_alike() -> None:
    start = date(2017, 1, 1)
    days = [(f"c{n}", start + timedelta(days=30 * k), 20.0) for n in range(150) for k in range(4)]
    con = warehouse_with_purchases(days)
    summary = compute_customer_value(con, AS_OF, PREVIOUS)
    assert summary.statuses["gamma_gamma"] == "previous"
    assert "too alike" in summary.warnings[0]
    assert "The parameters of 2017-12-30 serve" in summary.warnings[0]
    assert rows(
        con, "select status, fitted_as_of_date, q from insight.customer_value_fit where model = 'gamma_gamma'"
    ) == [("previous", YESTERDAY, 3.7)]
    assert rows(
        con, "select count(distinct expected_purchase_days_3_months), count(*) from insight.customer_value"
    ) == [(1, 150)]


def test_without_gamma_gamma_orders_are_taken_at_the_mean_of_all_days() -> None:
    days = [
        ("anna", date(2017, 3, 1), 10.0),
        ("anna", date(2017, 4, 1), 30.0),
        ("bert", date(2017, 4, 1), 80.0),
    ]
    con = warehouse_with_purchases(days)
    summary = compute_customer_value(con, AS_OF, {"bg_nbd": PREVIOUS["bg_nbd"]})
    assert summary.statuses == {"bg_nbd": "previous", "gamma_gamma": "unavailable"}
    assert rows(
        con, "select distinct expected_order_value, is_population_order_value from insight.customer_value"
    ) == [(40.0, True)]


def test_state_gives_the_parameters_of_the_latest_earlier_date(
    settings: Settings, computed: duckdb.DuckDBPyConnection
) -> None:
    fitted = computed.execute("select * from insight.customer_value_fit").df()  # noqa: F841  (read by DuckDB)
    with connect_state(settings) as state:
        assert read_previous_parameters(state, AS_OF) == {}
        state.execute("insert into customer_value_fit select * from fitted")
        state.execute(
            "insert into customer_value_fit "
            "select * replace (as_of_date::date + 1 as as_of_date, 'unavailable' as status) "
            "from fitted where model = 'bg_nbd'"
        )
        assert read_previous_parameters(state, AS_OF) == {}
        later = read_previous_parameters(state, AS_OF + timedelta(days=5))
    assert set(later) == {"bg_nbd", "gamma_gamma"}
    assert later["bg_nbd"].fitted_as_of_date == AS_OF
    assert later["bg_nbd"].bg_nbd is not None
    assert later["gamma_gamma"].gamma_gamma is not None


def test_calibration_follows_weeks_and_its_holdout_is_the_last_quarter(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    weeks = computed.execute("select * from insight.customer_value_calibration order by week_number").df()
    assert weeks["week_number"].tolist() == list(range(1, 53))
    assert weeks["is_holdout"].sum() == 13
    assert weeks["is_holdout"].is_monotonic_increasing
    assert weeks["actual_cumulative"].iloc[-1] == weeks["actual_repeat_orders"].sum()
    holdout = weeks[weeks["is_holdout"]]
    actual, predicted = holdout["actual_repeat_orders"].sum(), holdout["predicted_repeat_orders"].sum()
    assert predicted == pytest.approx(actual, rel=0.15)


def test_calibration_by_frequency_covers_everybody_followed(computed: duckdb.DuckDBPyConnection) -> None:
    table = computed.execute("select * from insight.customer_value_calibration_by_frequency order by 1").df()
    assert table["repeat_purchase_days"].is_unique
    total = (table["customers"] * table["actual_mean_orders"]).sum()
    weeks = rows(
        computed, "select sum(actual_repeat_orders) from insight.customer_value_calibration where is_holdout"
    )
    assert total == pytest.approx(weeks[0][0])
    assert np.average(table["predicted_mean_orders"], weights=table["customers"]) > 0


def test_predictions_that_hold_are_said_to_hold_by_decile(computed: duckdb.DuckDBPyConnection) -> None:
    verdicts = rows(
        computed,
        "select measure, status, horizon_days, predicted_mean between actual_low * 0.9 and actual_high * 1.1 "
        "from insight.customer_value_verdict order by 1",
    )
    assert verdicts == [("orders", "holds", 91, True), ("silence", "holds", 91, True)]
    deciles = rows(
        computed,
        "select measure, count(*), bool_and(actual_low <= actual_mean and actual_mean <= actual_high) "
        "from insight.customer_value_calibration_by_decile group by 1 order by 1",
    )
    assert deciles == [("orders", 10, True), ("silence", 10, True)]


def test_customers_who_stop_at_once_are_a_verdict_and_a_warning(
    population: list[tuple[str, date, float]],
) -> None:
    # in the last quarter nobody buys, and nothing before it said so
    con = warehouse_with_purchases([row for row in population if row[1] < date(2017, 10, 1)])
    summary = compute_customer_value(con, AS_OF)
    assert summary.verdicts == {"orders": "does_not_hold", "silence": "does_not_hold"}
    assert any("the figures are not shown" in warning for warning in summary.warnings)


def test_a_level_that_was_too_high_before_is_taken_down(population: list[tuple[str, date, float]]) -> None:
    # quarter by quarter fewer come: the model expects too much, and the stretch before the holdout says so
    kept = [
        row
        for row in population
        if (int(row[0][1:]) * 7 + row[1].toordinal()) % 5 < 6 - (row[1].month + 2) // 3
    ]
    con = warehouse_with_purchases(kept)
    compute_customer_value(con, AS_OF)
    ((unscaled, predicted, actual),) = rows(
        con,
        "select unscaled_mean, predicted_mean, actual_mean from insight.customer_value_verdict where measure = 'orders'",
    )
    assert abs(predicted - actual) < abs(unscaled - actual)


def test_a_ridge_of_the_likelihood_is_no_reason_to_give_up(shared_dir: Path) -> None:
    path = shared_dir / "cases" / "bgnbd_ridge" / "histories.csv"
    if not path.exists():
        pytest.skip("the case bgnbd_ridge is not there")
    columns = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)
    with pytest.raises(NotConverged):
        bgnbd.fit(bgnbd.Histories(*columns))
    model, _ = bgnbd.fit(bgnbd.Histories(*columns), bgnbd.WEAK_PRIOR)
    assert model.r == pytest.approx(0.31, abs=0.01)
    assert model.alpha == pytest.approx(13.9, abs=0.1)
    assert model.a + model.b < 30


def test_from_month_to_month_the_fit_does_not_jump(population: list[tuple[str, date, float]]) -> None:
    found = []
    for month in range(4, 13):
        con = warehouse_with_purchases([row for row in population if row[1] <= date(2017, month, 28)])
        compute_customer_value(con, date(2017, month, 28))
        found.append(rows(con, "select b from insight.customer_value_fit where model = 'bg_nbd'")[0][0])
    assert all(one is not None for one in found)
    assert max(later / earlier for earlier, later in pairwise(found)) < 2.5


def test_a_short_history_is_not_calibrated_and_says_so() -> None:
    con = warehouse_with_purchases(simulated_purchases(300, span=60))
    summary = compute_customer_value(con, date(2017, 3, 1), PREVIOUS)
    assert summary.calibration_weeks == 0
    assert any("at least 12 are needed" in warning for warning in summary.warnings)


def test_the_calibration_plot_is_a_picture_or_nothing(
    computed: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert save_calibration_plot(computed, tmp_path / "calibration.svg")
    assert "<svg" in (tmp_path / "calibration.svg").read_text()
    empty = warehouse_with_purchases([])
    compute_customer_value(empty, AS_OF)
    assert not save_calibration_plot(empty, tmp_path / "nothing.svg")
    assert not (tmp_path / "nothing.svg").exists()


def test_the_same_input_gives_the_same_tables(population: list[tuple[str, date, float]]) -> None:
    found = []
    for days in (population, population[::-1]):
        con = warehouse_with_purchases(days)
        compute_customer_value(con, AS_OF)
        found.append(
            rows(
                con, "select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from insight.customer_value t"
            )
        )
    assert found[0] == found[1]


def test_a_broken_contract_is_refused_with_counts() -> None:
    con = warehouse_with_purchases([("anna", date(2017, 3, 1), 10.0), ("anna", date(2017, 3, 1), 20.0)])
    with pytest.raises(InsightInputProblem, match="1 rows repeat a customer and day"):
        compute_customer_value(con, AS_OF)
    con.execute("alter table journeys.customer_purchase_days drop column has_earlier_purchases")
    with pytest.raises(InsightInputProblem, match="lacks has_earlier_purchases"):
        compute_customer_value(con, AS_OF)


def test_a_discount_rate_of_minus_one_or_less_is_refused() -> None:
    with pytest.raises(ValueError, match="must be above -1"):
        compute_customer_value(warehouse_with_purchases([]), AS_OF, discount_rate=-1.0)
