"""How much a proposal would change: judged before it is committed, so that a bad night changes nothing.

Only comparing and judging; stopping the publication belongs to the publishing room.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cdp_assets.identity.context import IdentityKnobs
from cdp_assets.identity.tables import has_table
from cdp_assets.sql_text import from_file


@dataclass(frozen=True)
class BlastRadius:
    """Customers and shares (0 to 1) that the proposal changes against the current generation; limits_broken in words."""

    customers_before: int
    customers_after: int
    created: int
    merged: int
    split: int
    retired: int
    records_moved: int
    records_moved_share: float
    revenue_moved: float
    revenue_moved_share: float
    largest_before: int
    largest_after: int
    churn: float
    limits_broken: tuple[str, ...]

    @property
    def is_within_limits(self) -> bool:
        return not self.limits_broken


def measure_blast_radius(con: duckdb.DuckDBPyConnection, knobs: IdentityKnobs | None = None) -> BlastRadius:
    """Compare identity's proposal (con: warehouse, with state attached as `state`) with the current generation.

    New records do not count as change. churn: share of the former customers whose set of still present records is another now. The
    first run, and homes below the gate's size, pass.
    """
    knobs = knobs or IdentityKnobs()
    row = con.execute(
        from_file(__name__, "blast_radius", has_activity=has_table(con, "customer_activity"))
    ).fetchall()[0]
    (
        before,
        after,
        created,
        merged,
        split,
        retired,
        moved,
        kept,
        cash,
        all_cash,
        largest,
        new_largest,
        touched,
    ) = row
    shares = {
        "records moved": (moved / kept if kept else 0.0, knobs.max_churn),
        "customers merged": (merged / before if before else 0.0, knobs.max_merged),
        "customers split": (split / before if before else 0.0, knobs.max_split),
        "revenue moved": (float(cash) / float(all_cash) if all_cash else 0.0, knobs.max_revenue_moved),
        "customers changed": (touched / before if before else 0.0, knobs.max_churn),
    }
    broken = [
        f"{name}: {share:.1%} (limit {limit:.0%})" for name, (share, limit) in shares.items() if share > limit
    ]
    if new_largest > max(3 * largest, knobs.max_cluster_records):
        broken.append(f"the largest customer would have {new_largest} records (now {largest})")
    if before < knobs.min_customers_for_gate:
        broken = []
    return BlastRadius(
        before, after, created, merged, split, retired, moved, shares["records moved"][0], float(cash),
        shares["revenue moved"][0], largest, new_largest, shares["customers changed"][0], tuple(broken),
    )  # fmt: skip
