"""Gate: nothing was lost or made up on the way from the delivered files to the marts (law 2).

Looked at again here, apart from dbt's own tests: the ledger balances per file, its counts are those of the
landed Parquet files, the marts show the whole ledger, and every channel's orders and amounts arrive in `marts.orders`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.publishing.copies import relations_of, text
from cdp_assets.publishing.gates import Refusal, some
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.wording import counted

GATE = "conservation"
RELAND = (
    "Restore landing/ and state.duckdb from one backup (`onefold restore`): they no longer belong together"
)
REBUILD = "`dbt test --select tag:law` shows the model that loses or repeats rows; correct it and run again"

UNBALANCED_LOADS = """
select channel || '/' || file_name
from state.main.loads
where status = 'landed' and parsed_rows is distinct from landed_rows + quarantined_rows + duplicate_rows + erased_rows
    + coalesce(anonymised_rows, 0)
order by 1
"""

# Grain: one current load of the ledger, beside the Parquet file that it must have.
LOADS_WITHOUT_THEIR_ROWS = """
with

files as (
    select
        string_split(file_name, '/')[-3:] as path,
        num_rows
    from parquet_file_metadata({pattern})
),

loads as (
    select distinct channel, export, load_id, file_name, landed_rows + coalesce(anonymised_rows, 0) as stored_rows
    from state.main.loads
    where status = 'landed' and is_current and stored_rows > 0
)

select loads.channel || '/' || loads.file_name
from loads
left join files on files.path = [loads.channel, loads.export, loads.load_id || '.parquet']
where files.num_rows is distinct from loads.stored_rows
order by 1
"""

LEDGER_TOTALS = "select count(*), sum(landed_rows), sum(quarantined_rows) from {relation}"


def judge_conservation(settings: Settings) -> list[Refusal]:
    """Refuse a build in which rows or amounts went missing or appeared; names files and channels, and counts only."""
    with scratch(settings.duckdb_limits) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {text(settings.state_path)} as state (read_only)")
        return [
            *_refuse_loads(con, UNBALANCED_LOADS, "files whose rows do not add up"),
            *_refuse_missing_rows(con, settings.landing_dir),
            *_if_built(con, "ops_loads", _refuse_ledger),
            *_if_built(con, "orders", _refuse_amounts),
        ]


def _if_built(
    con: duckdb.DuckDBPyConnection, mart: str, judge: Callable[[duckdb.DuckDBPyConnection], list[Refusal]]
) -> list[Refusal]:
    return judge(con) if mart in relations_of(con, "warehouse", "marts") else []


def _refuse_loads(con: duckdb.DuckDBPyConnection, query: str, what: str) -> list[Refusal]:
    files = [row[0] for row in con.execute(query).fetchall()]
    return [Refusal(GATE, f"{len(files)} {what}: {some(files)}", RELAND)] if files else []


def _refuse_missing_rows(con: duckdb.DuckDBPyConnection, landing_dir: Path) -> list[Refusal]:
    if not any(landing_dir.glob("[!_]*/*/*.parquet")):
        return []
    query = LOADS_WITHOUT_THEIR_ROWS.format(pattern=text(landing_dir / "[!_]*" / "*" / "*.parquet"))
    try:
        return _refuse_loads(con, query, "files of which landing/ holds other rows than the ledger says")
    except duckdb.InvalidInputException:
        return [Refusal(GATE, f"a Parquet file below {landing_dir} is damaged", RELAND)]


def _refuse_ledger(con: duckdb.DuckDBPyConnection) -> list[Refusal]:
    ledger = con.execute(LEDGER_TOTALS.format(relation="state.main.loads")).fetchone()
    mart = con.execute(LEDGER_TOTALS.format(relation="warehouse.marts.ops_loads")).fetchone()
    if ledger == mart:
        return []
    found = f"marts.ops_loads has (files, landed, quarantined) = {mart}, the ledger {ledger}"
    return [Refusal(GATE, found, REBUILD)]


def _refuse_amounts(con: duckdb.DuckDBPyConnection) -> list[Refusal]:
    """Orders and gross amounts per channel and currency: as staged, and as in marts.orders with the lines that are no goods."""
    views = [
        name
        for name in relations_of(con, "warehouse", "staging")
        if name.startswith("stg_") and name.endswith("__orders")
    ]
    if not views:
        return []
    staged = " union all ".join(
        f"select channel, currency, gross_amount from warehouse.{identifier('staging', view)}"
        for view in views
    )
    goods = "select channel, currency, gross_amount, 1 as is_order from warehouse.marts.orders"
    if "order_lines" in relations_of(con, "warehouse", "marts"):
        goods += " union all select channel, currency, line_amount, 0 from warehouse.marts.order_lines where not is_goods"
    differing = con.execute(
        "with staged as (select channel, currency, count(*) as orders, sum(gross_amount) as amount "
        f"from ({staged}) group by all), "
        "marts as (select channel, currency, sum(is_order) as orders, sum(gross_amount) as amount "
        f"from ({goods}) group by all) "
        "select coalesce(staged.channel, marts.channel), coalesce(staged.currency, marts.currency), "
        "coalesce(staged.orders, 0), coalesce(staged.amount, 0), coalesce(marts.orders, 0), coalesce(marts.amount, 0) "
        "from staged full join marts "
        "on staged.channel = marts.channel and staged.currency is not distinct from marts.currency "
        "where staged.orders is distinct from marts.orders "
        "or abs(coalesce(staged.amount, 0) - coalesce(marts.amount, 0)) > 0.005 * coalesce(staged.orders, 0) order by 1, 2"
    ).fetchall()
    return [
        Refusal(
            GATE,
            f"{channel}: {counted(orders, 'orders')} over {amount:,} {currency} were staged, "
            f"{mart_orders:,} over {mart_amount:,} are in marts.orders",
            REBUILD,
        )
        for channel, currency, orders, amount, mart_orders, mart_amount in differing
    ]
