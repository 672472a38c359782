"""What became of a customer id: live, merged into another, split, or gone. Reads state only."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cdp_assets.identity.context import IdentityProblem
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


@dataclass(frozen=True)
class ResolvedId:
    """status: live, merged, split (its records have several ids now) or retired. heirs: (customer_id, records), most first."""

    customer_id: str
    status: str
    heirs: tuple[tuple[str, int], ...]

    @property
    def current_id(self) -> str | None:
        """The id that answers for it now."""
        return self.heirs[0][0] if self.heirs else None


def resolve_id(settings: Settings, customer_id: str) -> ResolvedId:
    """What became of an id that was ever issued; raises IdentityProblem for one that never was."""
    with connect_state(settings, read_only=True) as con:
        return resolve_in_state(con, customer_id)


def resolve_in_state(con: duckdb.DuckDBPyConnection, customer_id: str) -> ResolvedId:
    """As resolve_id, on an open connection to state."""
    if not con.execute("select 1 from issued_ids where customer_id = ?", [customer_id]).fetchone():
        raise IdentityProblem(
            f"{customer_id[:40]} was never issued here: check the id, or that ONEFOLD_HOME is the right home"
        )
    live = con.execute(
        "select count(*) from customer_id_history where customer_id = ? and to_generation is null",
        [customer_id],
    ).fetchall()[0][0]
    if live:
        return ResolvedId(customer_id, "live", ((customer_id, int(live)),))
    heirs = con.execute(
        """
        select n.customer_id, count(*) as records
        from customer_id_history as h
        join customer_id_history as n on n.record_key = h.record_key and n.to_generation is null
        where h.customer_id = ? and h.to_generation = (
            select max(to_generation) from customer_id_history where customer_id = ?)
        group by n.customer_id
        order by records desc, n.customer_id
        """,
        [customer_id, customer_id],
    ).fetchall()
    status = "retired" if not heirs else "merged" if len(heirs) == 1 else "split"
    return ResolvedId(customer_id, status, tuple((str(heir), int(count)) for heir, count in heirs))
