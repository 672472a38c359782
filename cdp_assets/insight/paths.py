"""Paths out of the warehouse: checked, numbered and grouped in DuckDB, handed to numpy flattened.

Only reading belongs here. The temporary tables that it leaves on the connection are used by its neighbours
and dropped by `attribution`: `_channels` (channel_number, marketing_channel), `_touches` (the contract's
touches, numbered) and `_grouped_paths` (period, channels, conversions, nulls, value).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.insight.chain import VALUE_UNITS, IntArray, PathBatch
from cdp_assets.insight.tables import TOUCH_COLUMNS, TOUCHES, InsightInputProblem, require_columns

TEMPORARY_TABLES = ("_channels", "_touches", "_grouped_paths")
PATHS_AT_ONCE = 250_000

_RULES = {
    "have neither or both of conversion_id and null_path_id": "(conversion_id is null) = (null_path_id is null)",
    "have an is_conversion that disagrees with conversion_id": (
        "is_conversion is distinct from (conversion_id is not null)"
    ),
    "have no marketing_channel": "marketing_channel is null",
    "have no touch_id, customer_id or path_date": (
        "touch_id is null or customer_id is null or path_date is null"
    ),
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


def group_paths(con: duckdb.DuckDBPyConnection, relation: str = TOUCHES) -> None:
    """Number the touches and count equal paths per month (tables `_touches` and `_grouped_paths`)."""
    con.execute(
        f"""
        create or replace temp table _touches as
        select
            coalesce(conversion_id, null_path_id) as path_id,
            is_conversion, touch_id, channel_number, campaign, position, customer_id,
            strftime(path_date, '%Y-%m') as period,
            coalesce(is_new_customer, false) as is_new_customer,
            cast(round(coalesce(conversion_value, 0) * {VALUE_UNITS}) as bigint) as value_units,
            cast(round(coalesce(conversion_net_value, 0) * {VALUE_UNITS}) as bigint) as net_value_units,
        from {relation}
        inner join _channels using (marketing_channel)
        """
    )
    con.execute(
        """
        create or replace temp table _grouped_paths as
        with paths as (
            select
                path_id, is_conversion, period,
                any_value(value_units) as value_units,
                list(channel_number order by position) as channels,
            from _touches
            group by all
        )
        select
            period, channels,
            count(*) filter (is_conversion) as conversions,
            count(*) filter (not is_conversion) as nulls,
            sum(value_units) as value_units,
        from paths
        group by all
        """
    )


def read_grouped_paths(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[PathBatch]:
    """Batches of a query for (channels, conversions, nulls, value_units), one row per distinct path."""
    reader = con.execute(
        f"""
        select
            channels::bigint[] as channels, conversions::double as conversions,
            nulls::double as nulls, value_units::double as value_units,
        from ({query})
        """
    ).to_arrow_reader(PATHS_AT_ONCE)
    for batch in reader:
        yield _to_batch(batch, batch.column("channels").flatten().to_numpy())


def read_path_table(
    con: duckdb.DuckDBPyConnection, relation: str, separator: str = " > "
) -> tuple[list[str], list[PathBatch]]:
    """Paths written as text, as other tools exchange them: channel names in order, and batches of distinct paths.

    `relation`: a table or sub-query with path (text, channels between separators), conversions, nulls (journeys that
    took the path) and value (of the conversions, reporting currency). Equal paths may repeat.
    """
    reader = con.execute(
        f"""
        select
            string_split(path, ?) as channels,
            sum(conversions)::double as conversions, sum(nulls)::double as nulls,
            sum(cast(round(value * {VALUE_UNITS}) as bigint))::double as value_units,
        from {relation}
        group by path
        """,
        [separator],
    ).to_arrow_reader(PATHS_AT_ONCE)
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
