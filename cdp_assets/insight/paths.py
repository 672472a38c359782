"""Paths out of the warehouse: checked, numbered and grouped in DuckDB, handed to numpy flattened.

Only reading belongs here. The temporary tables that it leaves on the connection are used by its neighbours
and dropped by `attribution`: `_channels` (channel_number, marketing_channel), `_touches` (the contract's
touches, numbered, each with its role), `_grouped_paths` (period, channels, is_in_chain, conversions, nulls, value) and
`_path_sets` (path_id, period, channel_set: the distinct channels of each conversion's path).

A touch's role: `chain` (a data-driven model reads it), `alone` (a direct touch of a path without any other channel: the
path leaves the chain and credits direct), `dropped` (a direct touch of any other path: no model of the chain credits it).
Where direct is kept, every touch is `chain`.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.engine import batches
from cdp_assets.insight.chain import VALUE_UNITS, IntArray, PathBatch
from cdp_assets.insight.tables import TOUCH_COLUMNS, TOUCHES, InsightInputProblem, require_columns

TEMPORARY_TABLES = ("_channels", "_touches", "_grouped_paths", "_path_sets")
PATHS_AT_ONCE = 250_000

_RULES = {
    "have neither or both of conversion_id and null_path_id": "(conversion_id is null) = (null_path_id is null)",
    "have an is_conversion that disagrees with conversion_id": (
        "is_conversion is distinct from (conversion_id is not null)"
    ),
    "have no marketing_channel": "marketing_channel is null",
    "have no touch_id or path_date": "touch_id is null or path_date is null",
    "have no customer_id, and are not of an anonymous order": "customer_id is null and not coalesce(is_anonymous, false)",
    "belong to a conversion without conversion_value or with a negative one": (
        "is_conversion and (conversion_value is null or conversion_value < 0 or not isfinite(conversion_value))"
    ),
    "belong to a conversion without conversion_net_value": (
        "is_conversion and (conversion_net_value is null or not isfinite(conversion_net_value))"
    ),
}


def check_touches(con: duckdb.DuckDBPyConnection, relation: str = TOUCHES) -> None:
    """Raise `InsightInputProblem` where the touches break their contract; counts only, never a value."""
    require_columns(con, relation, TOUCH_COLUMNS)
    counts = ", ".join(f"count(*) filter ({broken})" for broken in _RULES.values())
    found = con.execute(
        f"select {counts} from (select * replace (conversion_value::double as conversion_value, "
        f"conversion_net_value::double as conversion_net_value) from {relation})"
    ).fetchone()
    assert found is not None
    problems = [f"{count:,} touches {what}" for what, count in zip(_RULES, found, strict=True) if count]
    row = con.execute(
        f"""
        with paths as (
            select
                conversion_id, null_path_id,
                count(*) as touches, count(distinct position) as positions,
                min(position) as first_position, max(position) as last_position,
                count(distinct (customer_id, path_date, conversion_value, conversion_net_value)) as versions,
            from {relation}
            group by all
        )
        select
            count(*) filter (positions <> touches or first_position <> 1 or last_position <> touches),
            count(*) filter (versions > 1),
        from paths
        """
    ).fetchone()
    assert row is not None
    if row[0]:
        problems.append(f"{row[0]:,} paths have positions other than 1, 2, 3, ...")
    if row[1]:
        problems.append(f"{row[1]:,} paths have more than one customer, date or value")
    if problems:
        raise InsightInputProblem(f"{relation}: {'; '.join(problems)}: correct the model that builds it")


def number_channels(con: duckdb.DuckDBPyConnection, relation: str = TOUCHES) -> list[str]:
    """Number the marketing channels by name (table `_channels`); returns their names in that order."""
    con.execute(
        f"""
        create or replace temp table _channels as
        select row_number() over (order by marketing_channel) - 1 as channel_number, marketing_channel,
        from (select distinct marketing_channel from {relation})
        """
    )
    return [name for (name,) in con.execute("select marketing_channel from _channels order by 1").fetchall()]


def group_paths(con: duckdb.DuckDBPyConnection, relation: str = TOUCHES, *, drop_direct: bool = True) -> None:
    """Number the touches and count equal paths per month (tables `_touches`, `_grouped_paths`, `_path_sets`)."""
    role = "if(is_direct, if(is_direct_only, 'alone', 'dropped'), 'chain')" if drop_direct else "'chain'"
    con.execute(
        f"""
        create or replace temp table _touches as
        with numbered as (
            select
                coalesce(conversion_id, null_path_id) as path_id,
                is_conversion, touch_id, channel_number, campaign, position,
                coalesce(customer_id, 'anonymous ' || path_id) as customer_id,
                strftime(path_date, '%Y-%m') as period,
                case when is_new_customer then 1 when not is_new_customer then 0 else 2 end as customer_type,
                cast(round(coalesce(conversion_value, 0) * {VALUE_UNITS}) as bigint) as value_units,
                cast(round(coalesce(conversion_net_value, 0) * {VALUE_UNITS}) as bigint) as net_value_units,
                coalesce(is_direct, false) as is_direct,
                bool_and(coalesce(is_direct, false)) over (partition by conversion_id, null_path_id) as is_direct_only,
            from {relation}
            inner join _channels using (marketing_channel)
        )
        select * exclude (is_direct, is_direct_only), {role} as role from numbered
        """
    )
    con.execute(
        """
        create or replace temp table _grouped_paths as
        with paths as (
            select
                path_id, is_conversion, period, role = 'chain' as is_in_chain,
                any_value(value_units) as value_units,
                list(channel_number order by position) as channels,
            from _touches
            where role <> 'dropped'
            group by all
        )
        select
            period, channels, is_in_chain,
            count(*) filter (is_conversion) as conversions,
            count(*) filter (not is_conversion) as nulls,
            sum(value_units) as value_units,
        from paths
        group by all
        """
    )
    con.execute(
        """
        create or replace temp table _path_sets as
        select path_id, any_value(period) as period, array_to_string(list_sort(list(distinct channel_number)), ',') as channel_set,
        from _touches
        where is_conversion and role <> 'dropped'
        group by path_id
        """
    )


def read_grouped_paths(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[PathBatch]:
    """Batches of a query for (channels, conversions, nulls, value_units), one row per distinct path."""
    reader = batches(
        con,
        f"""
        select
            channels::bigint[] as channels, conversions::double as conversions,
            nulls::double as nulls, value_units::double as value_units,
        from ({query})
        """,
        PATHS_AT_ONCE,
    )
    for batch in reader:
        yield _to_batch(batch, batch.column("channels").flatten().to_numpy())


def read_path_table(
    con: duckdb.DuckDBPyConnection, relation: str, separator: str = " > "
) -> tuple[list[str], list[PathBatch]]:
    """Paths written as text, as other tools exchange them: channel names in order, and batches of distinct paths.

    `relation`: a table or sub-query with path (text, channels between separators), conversions, nulls (journeys that
    took the path) and value (of the conversions, reporting currency). Equal paths may repeat.
    """
    reader = batches(
        con,
        f"""
        select
            string_split(path, ?) as channels,
            sum(conversions)::double as conversions, sum(nulls)::double as nulls,
            sum(cast(round(value * {VALUE_UNITS}) as bigint))::double as value_units,
        from {relation}
        group by path
        """,
        PATHS_AT_ONCE,
        [separator],
    )
    encoded = []
    for batch in reader:
        names = batch.column("channels").flatten().dictionary_encode()
        encoded.append((batch, names.dictionary.to_pylist(), names.indices.to_numpy()))
    channels = sorted({name for _, names, _ in encoded for name in names})
    number = {name: place for place, name in enumerate(channels)}
    return channels, [
        _to_batch(batch, np.array([number[name] for name in names], dtype=np.int64)[indices])
        for batch, names, indices in encoded
    ]


def _to_batch(batch: pa.RecordBatch, touches: IntArray) -> PathBatch:
    return PathBatch(
        touches=touches,
        lengths=np.diff(batch.column("channels").offsets.to_numpy()).astype(np.int64),
        conversions=batch.column("conversions").to_numpy(),
        nulls=batch.column("nulls").to_numpy(),
        value=batch.column("value_units").to_numpy(),
    )
