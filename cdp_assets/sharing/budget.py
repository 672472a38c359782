"""How much each person may still be noised into tables for a partner in a year: charged before noise is drawn, once per release.

The budget is each person's own: who has none left is left out of the release, the others go on. A release that was charged and not written
(the process died) is written without a second charge: nobody saw its noise.
"""

from __future__ import annotations

import duckdb

from cdp_assets.settings import Settings
from cdp_assets.sharing.definition import Share
from cdp_assets.state import connect_state


def left_out(
    con: duckdb.DuckDBPyConnection, share: Share, year: int, epsilon: float, delta: float
) -> set[str]:
    """Customers whose budget with this partner does not bear another such release in the year. con: state.

    An id that took records of another (a merge, a split, a move) bears what that other was charged: the person behind them may be in those tables.
    """
    rows = con.execute(
        """
        with recursive spent as (
            select customer_id, sum(epsilon) as epsilon, sum(delta) as delta from share_charges where partner = ? and charged_year = ? group by all
        ),
        heirs as (
            select customer_id, customer_id as charged_id from spent
            union
            select events.customer_id, heirs.charged_id
            from heirs join customer_id_events as events on heirs.customer_id = events.other_customer_id
        )
        select heirs.customer_id from heirs join spent on heirs.charged_id = spent.customer_id group by all
        having sum(spent.epsilon) + ? > ? + 1e-9 or sum(spent.delta) + ? > ? + 1e-15
        """,
        [share.partner, year, share.epsilon, epsilon, share.delta, delta],
    ).fetchall()
    return {row[0] for row in rows}


def charge(
    settings: Settings, share: Share, release_id: str, year: int, generation: str, people: list[str]
) -> None:
    """Take the release off the budget of everybody in it, in one transaction; nothing where that was done before."""
    with connect_state(settings) as con:
        con.begin()
        con.execute(
            "insert or ignore into share_releases values (?, ?, ?, ?, ?, ?, ?, now()::timestamp, null, null)",
            [release_id, share.name, share.partner, year, generation, share.epsilon, share.delta],
        )
        con.execute(
            "insert or ignore into share_charges select ?, ?, ?, unnest(?::varchar[]), ?, ?",
            [release_id, share.partner, year, people, share.epsilon, share.delta],
        )
        con.commit()


def charged(con: duckdb.DuckDBPyConnection, release_id: str) -> tuple[bool, list[str]]:
    """Whether a release was written, and who was charged for it."""
    row = con.execute(
        "select released_at is not null from share_releases where release_id = ?", [release_id]
    ).fetchone()
    people = con.execute(
        "select customer_id from share_charges where release_id = ? order by 1", [release_id]
    ).fetchall()
    return bool(row and row[0]), [each[0] for each in people]


def sha256_of(con: duckdb.DuckDBPyConnection, release_id: str) -> str | None:
    """The hash of what was written for a release; None while nothing was."""
    row = con.execute("select file_sha256 from share_releases where release_id = ?", [release_id]).fetchone()
    return row[0] if row else None


def close(settings: Settings, release_id: str, sha256: str) -> None:
    with connect_state(settings) as con:
        con.execute(
            "update share_releases set released_at = now()::timestamp, file_sha256 = ? where release_id = ?",
            [sha256, release_id],
        )
