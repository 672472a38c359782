"""One module per channel: what its export shows of the simulated orders and accounts, quirks included.

A writer turns tables of the current batch into rows under the channel's real header and lists the customer
records and orders that they contain. Who the people are and what they buy is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.inbox import Inbox
    from cdp_assets.demo.parameters import Parameters


class ChannelWriter(Protocol):
    """What a module of this package offers."""

    def write(self, con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
        """Append the current batch to the channel's files."""

    def records(self) -> str | None:
        """SELECT of the customer records that the files hold, one row each, or None; see `truth` for its columns."""

    def orders(self) -> str | None:
        """SELECT of the orders that the files hold, one row each: channel, order_id, person_id, currency, gross_amount,
        discount_amount, refunded_amount, order_date; or None."""

    def touches(self) -> str | None:
        """SELECT of the touches that the files hold, one row each: channel, touchpoint_id, person_id,
        marketing_channel, touch_date; or None."""
