"""Repeatable chance in SQL: a uniform number is a function of seed, purpose and the thing it is drawn for.

No draw depends on another, on row order or on batch size, so the same seed gives the same retailer however it is
streamed. Distributions and rates belong to the modules that use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    import duckdb


SHUFFLE_RANGE = 90_000_000


def register_chance(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Create the macros `u(purpose, id)` in [0, 1) and `pick(purpose, id, n)` in 0 … n-1 in this connection.

    `shuffled(number)`, one to one below SHUFFLE_RANGE, makes ids that do not tell their order, nor whose they are.
    `eastern(at_utc)` and `eastern_hours(at_utc)` turn the simulated year's UTC times into the shop's local ones.

    53 bits of MD5 over seed, purpose and id: the same in every version of DuckDB, which its own hash() is not.
    """
    con.execute(
        "create or replace macro u(purpose, id) as "
        f"((md5_number_lower(concat('{int(seed)}|', purpose, '|', id)) >> 11)::double / 9007199254740992.0)"
    )
    con.execute("create or replace macro pick(purpose, id, n) as floor(u(purpose, id) * n)::bigint")
    # the factor has no divisor in common with a range of twos, threes and fives: no two numbers meet
    con.execute(f"create or replace macro shuffled(number) as number * 7368787 % {SHUFFLE_RANGE}")
    con.execute(
        "create or replace macro eastern_hours(at_utc) as "
        "if(at_utc >= timestamp '2017-03-12 07:00:00' and at_utc < timestamp '2017-11-05 06:00:00', 4, 5)"
    )
    con.execute("create or replace macro eastern(at_utc) as at_utc - to_hours(eastern_hours(at_utc))")


text = literal  # as the simulator calls it


def text_list(values: list[str]) -> str:
    """A SQL list literal of strings."""
    return "[" + ", ".join(text(value) for value in values) + "]"
