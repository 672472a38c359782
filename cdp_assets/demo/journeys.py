"""How people come to the web shop, and what each marketing channel really earned.

A journey is a walk along the chain in journeys.yaml. It ends in an order if the basket's luck is below the
journey's chance, 1 - (1 - base) × product over its marketing channels of (1 - lift). The same luck judged
without one channel tells whether that channel caused the order: the truth that attribution models are
compared with. Devices, log-ins and event formats belong to `channels.ga4`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def create_chain(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `chain` (from_channel, to_channel, low, high), `lifts` and `campaigns` from journeys.yaml.

    from_channel is '' for the start. A uniform number in [low, high) moves along; a row's rest ends the journey.
    """
    journeys = parameters.journeys
    rows, start = [], 0.0
    for name, channel in journeys["channels"].items():
        rows.append(("", name, start, start + channel["start"]))
        start += channel["start"]
    if abs(start - 1) > 1e-9:
        raise ValueError(f"journeys.yaml: the `start` shares add up to {start:.4f}; make them add up to 1")
    for origin, targets in journeys["next"].items():
        low = 0.0
        for target, share in targets.items():
            rows.append((origin, target, low, low + share))
            low += share
        if low >= 1:
            raise ValueError(
                f"journeys.yaml: the `next` shares of {origin} add up to {low:.2f}; leave a rest for the end"
            )
    con.execute("create or replace table chain (from_channel text, to_channel text, low double, high double)")
    con.executemany("insert into chain values (?, ?, ?, ?)", rows)
    con.execute(
        "create or replace table lifts (marketing_channel text, lift double, source text, medium text)"
    )
    con.executemany(
        "insert into lifts values (?, ?, ?, ?)",
        [(name, float(c["lift"]), c["source"], c["medium"]) for name, c in journeys["channels"].items()],
    )
    con.execute(
        "create or replace table campaigns (marketing_channel text, campaign text, low double, high double)"
    )
    for name, shares in journeys["campaigns"].items():
        low = 0.0
        for campaign, share in shares.items():
            con.execute("insert into campaigns values (?, ?, ?, ?)", [name, campaign, low, low + share])
            low += share


def _walk(con: duckdb.DuckDBPyConnection, most: int) -> None:
    """Fill `steps` (journey, step, marketing_channel): everybody's walk along the chain, one step a round."""
    con.execute(
        """
        create or replace temp table steps as
        select journey, 1 as step, to_channel as marketing_channel
        from (select journey, u('journey starts', journey) as luck from planned)
        join chain on from_channel = '' and luck >= low and luck < high
        """
    )
    for step in range(2, most + 1):
        con.execute(
            f"""
            insert into steps
            select journey, {step}, to_channel
            from (select journey, marketing_channel, u('journey goes on {step}', journey) as luck
                  from steps where step = {step - 1})
            join chain on from_channel = marketing_channel and luck >= low and luck < high
            """
        )


def create_journeys(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `planned`, `steps` and `chances` for the web shop's candidates of the batch.

    planned: journey, candidate, person_no, ends_at, is_idle (nobody wanted to buy, or the year was over before). chances: candidate,
    chance, and `without`: a map of marketing channel to the chance of the same journey without it.
    """
    journeys = parameters.journeys
    con.execute(
        from_file(
            __name__, "planned_journeys",
            idle=float(journeys["idle_journeys"]), late_days=int(journeys["late_days"]),
        )
    )  # fmt: skip
    _walk(con, int(journeys["max_touches"]))
    base = float(journeys["base_chance"])
    con.execute(
        f"""
        create or replace temp table chances as
        with helped as (
            select distinct journey as candidate, marketing_channel, lift
            from steps
            join planned using (journey)
            join lifts using (marketing_channel)
            where not is_idle
        ),
        missed as (
            select candidate, {1 - base} * exp(sum(ln(1 - lift))) as chance_missed from helped group by candidate
        )
        select
            candidate,
            1 - any_value(chance_missed) as chance,
            map_from_entries(list((marketing_channel, 1 - chance_missed / (1 - lift))
                order by marketing_channel)) as without,
        from helped
        join missed using (candidate)
        group by candidate
        """
    )


def create_touches(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `touches`: one row per session of the batch, after `orders` is known.

    touch (text key), journey, person_no, marketing_channel, source, medium, campaign, at_utc (UTC, whole
    seconds), order_no (of the web shop order that the session ends in, else null). Journeys of a person who
    bought once stop with that order.
    """
    gap = float(parameters.journeys["gap_days"]) * 86_400
    con.execute(from_file(__name__, "touches", gap=gap))


def count_lift(con: duckdb.DuckDBPyConnection) -> None:
    """Add the batch's share to `lift_counts` (marketing_channel, incremental_orders, incremental_revenue in USD).

    An order is incremental to a channel if its luck lies between the chance without and with that channel.
    """
    con.execute(
        "create table if not exists lift_counts "
        "(marketing_channel text, touched_orders bigint, incremental_orders bigint, incremental_revenue decimal(18, 2))"
    )
    con.execute(
        """
        insert into lift_counts
        select
            entry.key,
            count(*),
            count(*) filter (luck >= entry.value),
            coalesce(sum(net) filter (luck >= entry.value), 0),
        from (select candidate, unnest(map_entries(without)) as entry from chances)
        join orders using (candidate)
        join candidates using (candidate)
        group by entry.key
        order by entry.key
        """
    )
