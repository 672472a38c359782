"""What stands in the published marts without revenue and what it waits for, in plain sentences. Reads the published file only; prints nothing."""

from __future__ import annotations

import duckdb

from cdp_assets.publishing.copies import relations_of
from cdp_assets.settings import Settings

REMEDIES = {
    "no_rate": "no rate for {waits_for}: add it to data/reference/fx_rates.csv, or deliver the daily rates",
    "no_lines": "their lines have not come: deliver the item list, or name the channel in vars.channels_without_lines",
    "unknown_status": "nobody has said what {waits_for} means: name it in vars.order_statuses_of_sales or "
    "vars.order_statuses_without_sale",
}


def parked_sentences(settings: Settings) -> list[str]:
    """One sentence for each thing that orders or refunds wait for: how many, how much, since when, and what to do."""
    current = settings.published_dir / "current.duckdb"
    if not current.exists():
        return []
    path = str(current.resolve()).replace("'", "''")
    with duckdb.connect(config={"threads": settings.threads}) as con:
        con.execute(f"attach '{path}' as published (read_only)")
        if "ops_parked" not in relations_of(con, "published", "marts"):
            return []
        rows = con.execute(
            """
            select found_in, channel, parked_reason, waits_for, currency, row_count, first_date, amount
            from published.marts.ops_parked order by channel, found_in, parked_reason, waits_for, currency
            """
        ).fetchall()
    return [
        f"{channel}: {count:,} {found_in} over {amount:,} {currency or 'of no currency'} since {first}; "
        + REMEDIES[reason].format(waits_for=waits_for or "no currency")
        for found_in, channel, reason, waits_for, currency, count, first, amount in rows
    ]
