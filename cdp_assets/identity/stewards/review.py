"""Step 8: the review queue: pairs that a steward should look at, ranked by what a ruling would change.

Rulings themselves belong to rulings; the evidence in words to explain.
"""

from __future__ import annotations

import math

import duckdb

from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.scoring.pairs import KEPT_PROBABILITY
from cdp_assets.identity.stewards.review_evidence import weigh_review_queue
from cdp_assets.identity.tables import has_table
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file


def build_review_queue(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.review_queue, and identity.review_evidence (review_evidence), from pairs, clusters, conflicts and (if there) identity.customer_activity.

    One row per pair of customers: kind (likely_same: between the review and the publishing threshold; same_document: they share a
    document number, and little else; refused: a veto keeps them apart; held: a component too large or too sparse), record_key_l,
    record_key_r (one record of each side), customer_id_l, customer_id_r, match_probability, records_affected, revenue_affected
    (reporting currency), rank (1 is the most worthwhile), evidence_hash (changes with the evidence, so that a ruling made on older
    evidence comes back).
    """
    register_pseudonym(con, ctx.key)
    knobs = ctx.knobs
    con.execute(
        from_file(
            __name__,
            "review_queue",
            review_probability=knobs.review_probability,
            publish_probability=knobs.publish_probability,
            least_weight=math.log2(KEPT_PROBABILITY / (1 - KEPT_PROBABILITY)),
            activity=_activity_sql(con),
        )
    )
    waiting = con.execute("select count(*) from identity.review_queue").fetchall()[0][0]
    return StepSummary("build_review_queue", {"waiting": waiting, "weighed": weigh_review_queue(con, ctx)})


def _activity_sql(con: duckdb.DuckDBPyConnection) -> str:
    if has_table(con, "customer_activity"):
        return "select channel, source_customer_id, cast(revenue as double) as revenue from identity.customer_activity"
    return (
        "select null::varchar as channel, null::varchar as source_customer_id, null::double as revenue "
        "from identity.customer_ids limit 0"
    )
