"""What stands in the published marts without revenue and what it waits for, in plain sentences. Reads the published file only; prints nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cdp_assets.engine import scratch
from cdp_assets.publishing.copies import relations_of
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal
from cdp_assets.wording import counted

REMEDIES = {
    "no_rate": "no rate for {waits_for}: add it to data/reference/fx_rates.csv, or deliver the daily rates",
    "no_currency": "they name no currency, or two: correct the export and deliver it again",
    "no_lines": "their lines have not come: deliver the item list, or name the channel in vars.channels_without_lines",
    "lines_differ": "their lines do not come to what the orders say, as where a list of items was cut: deliver it whole; where the lists never "
    "agree, vars.channels_without_lines counts the channel's orders by their own amounts",
    "no_order": "their orders have not come: deliver the order list",
    "unknown_status": "nobody has said what {waits_for} means: name it in vars.order_statuses_of_sales or "
    "vars.order_statuses_without_sale",
    "stray_date": "dated long before the channel's other orders, as by a till whose clock was reset: mend the dates and deliver them again; "
    "where they are right, vars.stray_gap_days says how long a channel may have been silent",
    "undeclared": "nobody has said what {waits_for} is, so it is no revenue: name it in data/reference/line_kinds.csv",
}
MOST_NAMED = 3  # things that one channel's orders, refunds or lines wait for, each with a sentence of its own


def parked_sentences(settings: Settings) -> list[str]:
    """One sentence for each thing that orders or refunds wait for: how many, how much, since when, and what to do."""
    current = settings.published_dir / "current.duckdb"
    if not current.exists():
        return []
    path = literal(current.resolve())
    with scratch({"threads": settings.threads}) as con:
        con.execute(f"attach {path} as published (read_only)")
        if "ops_parked" not in relations_of(con, "published", "marts"):
            return []
        rows = con.execute(
            f"""
            with ranked as (
                select *, row_number() over (partition by found_in, channel, parked_reason order by row_count desc, waits_for, currency) as place
                from published.marts.ops_parked
            )
            select
                found_in, channel, parked_reason, if(place > {MOST_NAMED}, null, waits_for), currency,
                sum(row_count), min(first_date), sum(amount), count(*), min(place)
            from ranked
            group by found_in, channel, parked_reason, if(place > {MOST_NAMED}, null, waits_for), currency, least(place, {MOST_NAMED + 1})
            order by channel, found_in, parked_reason, min(place), currency
            """
        ).fetchall()
    return [
        f"{channel}: {counted(int(count), found_in.replace('_', ' '))}{_worth(amount, currency, first)}; "
        + REMEDIES[reason].format(
            waits_for=f"{things} further names" if place > MOST_NAMED else waits_for or "no currency"
        )
        for found_in, channel, reason, waits_for, currency, count, first, amount, things, place in rows
    ]


def _worth(amount: Decimal | None, currency: str | None, first: date | None) -> str:
    """How much and since when; nothing of what only an order that has not come could say."""
    if amount is None:
        return ""
    return f" over {amount:,} {currency or 'of no currency'}" + (f" since {first}" if first else "")
