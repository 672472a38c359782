"""What the bootstrap adds up: conversions, revenue and steps of the chain, per customer and cell.

Only reading belongs here: SQL over the numbered touches (see `paths`) into sparse matrices of cells by customers. A
line is what a figure is shown for: a marketing channel, or one of its campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from scipy import sparse

from cdp_assets.insight.chain import FloatArray, IntArray
from cdp_assets.sql_text import from_file

MEASURES = ("conversions", "gross_units", "net_units")
TEMPORARY_TABLES = ("_customers", "_lines")


@dataclass(frozen=True)
class Frame:
    """What every figure is counted over: numbered months, channels, lines and customers."""

    months: list[str]
    channels: list[str]
    lines: pd.DataFrame  # line_number, channel_number, campaign (null: the whole channel)
    n_customers: int

    @property
    def channel_of_line(self) -> IntArray:
        numbers: IntArray = self.lines["channel_number"].to_numpy(dtype=np.int64)
        return numbers


@dataclass(frozen=True)
class Cells:
    """Sums per customer: a (cells, customers) sparse matrix per measure; `keys` says what each cell is."""

    keys: pd.DataFrame
    amounts: tuple[sparse.csr_matrix, ...]

    def weighted(self, weights: FloatArray) -> FloatArray:
        """(measures, cells, replicates)"""
        return np.stack([matrix @ weights for matrix in self.amounts])


@dataclass(frozen=True)
class MarkovCells:
    """What the order-1 chain and its credits per path are computed from, by customer."""

    steps: Cells  # by period, state, target
    sets: Cells  # conversions and revenue times the line's part of its channel, by period, customer type, set, line
    members: FloatArray  # (sets, channels) 1 where the set holds the channel


def number_customers_and_lines(con: duckdb.DuckDBPyConnection, channels: list[str]) -> Frame:
    """Number customers and lines in the order of their names (tables `_customers` and `_lines`)."""
    con.execute(
        """
        create or replace temp table _customers as
        select row_number() over (order by customer_id) - 1 as customer_number, customer_id,
        from (select distinct customer_id from _touches)
        """
    )
    con.execute(
        """
        create or replace temp table _lines as
        with lines as (
            select channel_number, null::text as campaign, from _channels
            union
            select channel_number, campaign, from _touches where campaign is not null
        )
        select
            row_number() over (order by campaign is not null, channel_number, campaign) - 1 as line_number,
            channel_number, campaign,
        from lines
        """
    )
    row = con.execute("select count(*) from _customers").fetchone()
    assert row is not None
    months = [month for (month,) in con.execute("select distinct period from _touches order by 1").fetchall()]
    return Frame(months, channels, con.execute("from _lines order by line_number").df(), row[0])


def heuristic_cells(con: duckdb.DuckDBPyConnection, model: str, frame: Frame) -> Cells:
    """Conversions and revenue that the model's credit table gives to each line, by customer."""
    return _read(
        con,
        f"""
        select
            customer_number, period, customer_type, line_number,
            sum(credit::decimal(18, 15))::double as conversions,
            sum(credit::decimal(19, 15) * value_units::decimal(18, 0))::double as gross_units,
            sum(credit::decimal(19, 15) * net_value_units::decimal(18, 0))::double as net_units,
        from attribution.attribution_{model} c
        inner join _touches t on t.is_conversion and t.path_id = c.conversion_id and t.touch_id = c.touch_id
        inner join _customers using (customer_id)
        inner join _lines l
            on l.channel_number = t.channel_number and (l.campaign is null or l.campaign = t.campaign)
        group by all
        """,
        frame,
        MEASURES,
    )


def markov_cells(con: duckdb.DuckDBPyConnection, frame: Frame) -> MarkovCells:
    """Everything that markov_1 is computed anew from in each replicate."""
    sets = _read(con, from_file(__name__, "channel_sets"), frame, MEASURES)
    names, numbers = np.unique(sets.keys["channels"].to_numpy(dtype=str), return_inverse=True)
    sets.keys["channels"] = numbers
    members = np.zeros((len(names), len(frame.channels)))
    for number, name in enumerate(names):
        members[number, [int(channel) for channel in name.split(",")]] = 1.0
    return MarkovCells(
        steps=_read(con, _steps(len(frame.channels)), frame, ("steps",)),
        sets=sets,
        members=members,
    )


_NUMBERED = """
    select
        t.*, customer_number,
        lag(channel_number) over path as previous, lead(channel_number) over path as next,
    from _touches t
    inner join _customers using (customer_id)
    where role = 'chain'
    window path as (partition by path_id, is_conversion order by position)
"""


def _steps(n_channels: int) -> str:
    """Steps of the chain: from the start, between channels, to conversion and null (the two targets past channels)."""
    return f"""
        with numbered as ({_NUMBERED}),
        steps as (
            select customer_number, period, coalesce(previous + 1, 0) as state, channel_number as target,
            from numbered
            union all
            select
                customer_number, period, channel_number + 1,
                if(is_conversion, {n_channels}, {n_channels + 1}),
            from numbered
            where next is null
        )
        select customer_number, period, state, target, count(*)::double as steps, from steps group by all
    """


def _read(con: duckdb.DuckDBPyConnection, query: str, frame: Frame, measures: tuple[str, ...]) -> Cells:
    """Cells of a query that yields customer_number, the measures, and the columns that name a cell."""
    rows = con.execute(f"select * from ({query}) order by all").df()
    keys = [column for column in rows.columns if column not in (*measures, "customer_number")]
    cell = rows.groupby(keys, sort=True).ngroup().to_numpy()
    cells = rows[keys].drop_duplicates().sort_values(keys).reset_index(drop=True)
    cells["period"] = np.searchsorted(frame.months, cells["period"].to_numpy(dtype=str))
    where = (cell, rows["customer_number"].to_numpy())
    shape = (len(cells), frame.n_customers)
    return Cells(cells, tuple(sparse.csr_matrix((rows[m].to_numpy(float), where), shape) for m in measures))
