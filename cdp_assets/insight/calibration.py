"""Holdout calibration of BG/NBD: fitted on the first weeks, compared with what customers did in the last.

Followed are the customers who first bought before the holdout; predictions are for repeat purchase days. A stretch as long as
the holdout, right before it, teaches the rescaling that the holdout judges (`rescaling`, `verdicts`); the holdout teaches the
one that serves today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import altair as alt
import duckdb
import numpy as np
import pandas as pd

from cdp_assets.insight import bgnbd
from cdp_assets.insight.chain import FloatArray, IntArray
from cdp_assets.insight.likelihood import NotConverged
from cdp_assets.insight.rescaling import Rescaling, learn
from cdp_assets.insight.tables import PURCHASE_DAYS
from cdp_assets.insight.verdicts import NOT_TESTED, Verdict, judge

LONGEST_HOLDOUT_WEEKS = 13
SHORTEST_SPAN_WEEKS = 12
MIN_REPEAT_CUSTOMERS = 30
TOP_FREQUENCY = 7  # "7 or more"


@dataclass(frozen=True)
class Calibration:
    """What the holdout said: its weeks, the rescaling that serves today, a verdict per measure, and what to do where there is none."""

    weeks: int = 0
    rescaling: Rescaling = field(default_factory=Rescaling)
    verdicts: tuple[Verdict, ...] = tuple(Verdict(measure, NOT_TESTED) for measure in ("orders", "silence"))
    message: str | None = None


def write_calibration(con: duckdb.DuckDBPyConnection, as_of_date: date) -> Calibration:
    """Fill the calibration tables; returns what serves today and whether it holds.

    The last quarter of the weeks of data, at most `LONGEST_HOLDOUT_WEEKS`, is the holdout.
    """
    days = _purchase_days(con, as_of_date)
    first = days["purchase_date"].min() if len(days) else pd.Timestamp(as_of_date)
    weeks = ((pd.Timestamp(as_of_date) - first).days + 1) // 7
    if weeks < SHORTEST_SPAN_WEEKS:
        return Calibration(
            message=f"no calibration: {weeks} weeks of purchases, at least {SHORTEST_SPAN_WEEKS} are needed"
        )
    holdout = min(weeks // 4, LONGEST_HOLDOUT_WEEKS)
    followed = _follow(days, first, fitted_days=(weeks - holdout) * 7, all_days=weeks * 7)
    if (followed["x"] > 0).sum() < MIN_REPEAT_CUSTOMERS:
        return Calibration(
            message=f"no calibration: {(followed['x'] > 0).sum()} customers with a repeat day before the holdout, "
            f"at least {MIN_REPEAT_CUSTOMERS} are needed"
        )
    try:
        model = _fitted(followed)
    except NotConverged as problem:
        return Calibration(message=f"no calibration: {problem}")
    by_week = _by_week(model, days, followed, first, weeks, holdout)  # noqa: F841  (read by DuckDB)
    con.execute("insert into insight.customer_value_calibration select * from by_week order by week_number")
    by_frequency = _by_frequency(model, followed, holdout * 7)  # noqa: F841  (read by DuckDB)
    con.execute(
        "insert into insight.customer_value_calibration_by_frequency select * from by_frequency order by 1"
    )
    learned = _learned_before(days, first, weeks, holdout)
    predictions = _predicted(model, followed, holdout * 7)
    verdicts = _write_verdicts(con, learned, predictions, holdout * 7)
    today = learn(holdout * 7.0, predictions.orders, predictions.silence, predictions.seen)
    return Calibration(weeks, today, verdicts)


@dataclass(frozen=True)
class _Predictions:
    """Per followed customer, over the holdout: expected purchase days, probability of none, and the days that came."""

    orders: FloatArray
    silence: FloatArray
    seen: FloatArray


def _fitted(followed: pd.DataFrame) -> bgnbd.BgNbd:
    columns = (followed[column].to_numpy(float) for column in ("x", "t_x", "age"))
    model, _ = bgnbd.fit(bgnbd.group(*columns), bgnbd.WEAK_PRIOR)
    return model


def _predicted(model: bgnbd.BgNbd, followed: pd.DataFrame, days: int) -> _Predictions:
    x, t_x, age = (followed[column].to_numpy(float) for column in ("x", "t_x", "age"))
    alive = bgnbd.probability_alive(model, x, t_x, age)
    return _Predictions(
        bgnbd.expected_if_alive(model, x, age, float(days)) * alive,
        bgnbd.probability_of_silence(model, x, age, alive, float(days)),
        followed["later"].to_numpy(float),
    )


def _learned_before(days: pd.DataFrame, first: pd.Timestamp, weeks: int, holdout: int) -> Rescaling:
    """The rescaling that the stretch before the holdout teaches; none where it has too few customers."""
    followed = _follow(days, first, (weeks - 2 * holdout) * 7, (weeks - holdout) * 7)
    if (followed["x"] > 0).sum() < MIN_REPEAT_CUSTOMERS:
        return Rescaling()
    try:
        found = _predicted(_fitted(followed), followed, holdout * 7)
    except NotConverged:
        return Rescaling()
    return learn(holdout * 7.0, found.orders, found.silence, found.seen)


def _write_verdicts(
    con: duckdb.DuckDBPyConnection, learned: Rescaling, found: _Predictions, days: int
) -> tuple[Verdict, ...]:
    orders, of_orders = judge(
        "orders", days, found.orders, found.orders * learned.order_factor(found.orders), found.seen
    )
    silence, of_silence = judge(
        "silence", days, found.silence, learned.silence(found.silence), (found.seen == 0).astype(float)
    )
    deciles = pd.concat([of_orders, of_silence], ignore_index=True)  # noqa: F841  (read by DuckDB)
    con.execute("insert into insight.customer_value_calibration_by_decile select * from deciles order by all")
    return orders, silence


def _purchase_days(con: duckdb.DuckDBPyConnection, as_of_date: date) -> pd.DataFrame:
    """Customer (a number) and day of every purchase day of the customers that are fitted."""
    days: pd.DataFrame = con.execute(
        f"""
        select dense_rank() over (order by customer_id) as customer, purchase_date,
        from {PURCHASE_DAYS}
        where net_amount > 0 and purchase_date <= ? and not coalesce(has_earlier_purchases, false)
        order by all
        """,
        [as_of_date],
    ).df()
    return days


def _follow(days: pd.DataFrame, first: pd.Timestamp, fitted_days: int, all_days: int) -> pd.DataFrame:
    """Histories up to the holdout of who bought before it, and their purchase days in it (`later`).

    Day numbers start at 0 on the first day of data; `start` is the day number of a customer's first purchase.
    """
    number = (days["purchase_date"] - first).dt.days
    days = days.assign(day=number)[number < all_days]
    before = days[days["day"] < fitted_days].groupby("customer")["day"].agg(["min", "max", "count"])
    later = days[days["day"] >= fitted_days].groupby("customer").size()
    followed = pd.DataFrame(
        {
            "start": before["min"],
            "x": before["count"] - 1,
            "t_x": before["max"] - before["min"],
            "age": fitted_days - 1 - before["min"],
        }
    )
    return followed.assign(later=later.reindex(followed.index).fillna(0).astype(int))


def _by_week(
    model: bgnbd.BgNbd,
    days: pd.DataFrame,
    followed: pd.DataFrame,
    first: pd.Timestamp,
    weeks: int,
    holdout: int,
) -> pd.DataFrame:
    """Actual and predicted repeat days per week since the first day of data."""
    ends = [week * 7 - 1 for week in range(1, weeks + 1)]  # day number of each week's last day
    starts, customers = np.unique(followed["start"].to_numpy(), return_counts=True)
    cumulative = np.array([_expected_by(model, starts, customers, end) for end in ends])
    day = (days["purchase_date"] - first).dt.days
    repeats = days["customer"].isin(followed.index) & days.duplicated("customer") & (day < weeks * 7)
    actual = np.bincount(day[repeats] // 7, minlength=weeks)
    return pd.DataFrame(
        {
            "week_number": np.arange(1, weeks + 1),
            "week_start_date": [(first + timedelta(days=7 * week)).date() for week in range(weeks)],
            "is_holdout": np.arange(weeks) >= weeks - holdout,
            "actual_repeat_orders": actual,
            "predicted_repeat_orders": np.diff(cumulative, prepend=0.0),
            "actual_cumulative": np.cumsum(actual),
            "predicted_cumulative": cumulative,
        }
    )


def _expected_by(model: bgnbd.BgNbd, starts: IntArray, customers: IntArray, end: int) -> float:
    """Expected repeat days by the end of a day, of cohorts that started on given days (equation 9, summed)."""
    begun = starts < end
    nothing = np.zeros(begun.sum())
    expected = bgnbd.expected_if_alive(model, nothing, nothing, (end - starts[begun]).astype(float))
    return float(customers[begun] @ expected)


def _by_frequency(model: bgnbd.BgNbd, followed: pd.DataFrame, holdout_days: int) -> pd.DataFrame:
    """Mean actual and predicted purchase days in the holdout, by repeat days before it."""
    x, t_x, age = (followed[column].to_numpy(float) for column in ("x", "t_x", "age"))
    predicted = bgnbd.expected_if_alive(model, x, age, float(holdout_days))
    predicted = predicted * bgnbd.probability_alive(model, x, t_x, age)
    grouped = followed.assign(predicted=predicted).groupby(np.minimum(followed["x"], TOP_FREQUENCY))
    return pd.DataFrame(
        {
            "customers": grouped.size(),
            "actual_mean_orders": grouped["later"].mean(),
            "predicted_mean_orders": grouped["predicted"].mean(),
        }
    ).reset_index(names="repeat_purchase_days")


def calibration_chart(by_week: pd.DataFrame) -> alt.LayerChart:
    """Predicted and actual repeat purchase days by week; the shaded weeks are the holdout.

    `by_week`: rows of `insight.customer_value_calibration`.
    """
    long = by_week.melt(
        id_vars=["week_start_date"],
        value_vars=["actual_repeat_orders", "predicted_repeat_orders"],
        var_name="series",
        value_name="orders",
    )
    long["series"] = long["series"].str.removesuffix("_repeat_orders")
    week = alt.X("week_start_date:T", title="week")
    lines = alt.Chart(long).mark_line().encode(
        week, alt.Y("orders:Q", title="repeat purchase days"), alt.Color("series:N", title=None)
    )  # fmt: skip
    shade = alt.Chart(by_week[by_week["is_holdout"]]).mark_rect(opacity=0.08)
    return alt.layer(shade.encode(alt.X("min(week_start_date):T"), alt.X2("max(week_start_date):T")), lines)


def save_calibration_plot(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Write the chart to a .svg or .png file; False, and no file, where there is no calibration."""
    by_week = con.execute("select * from insight.customer_value_calibration order by week_number").df()
    if by_week.empty:
        return False
    by_week["week_start_date"] = pd.to_datetime(by_week["week_start_date"])
    calibration_chart(by_week).save(str(path))
    return True
