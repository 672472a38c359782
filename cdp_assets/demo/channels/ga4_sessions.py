"""What else happens within a session of Google Analytics 4: it goes on to a second purchase, or somebody else of the home logs in.

Both split it into two touches, each of one person and one order; how events are written belongs to `ga4`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

_GOES_ON = 1800  # seconds: a session ends after half an hour without an event


def share_sessions(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Rewrite `sessions` with these columns: is_continued (its events belong to the session of the purchase before, whose browser, number and source
    it has; touchpoint_id is that session's with `.2`), other_customer_id and other_person_no (who logs in later in it; else null), is_gpc.

    A purchase continues another of the same person and account within half an hour, by the same or no marketing channel, so that the session's
    one source is true of both.
    """
    rates, signals = parameters.traps["devices"], parameters.traps["consents"]
    con.execute(from_file(__name__, "shared_sessions", rates=rates, goes_on=_GOES_ON, gpc=signals["gpc"]))
