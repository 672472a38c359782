"""Google Ads: the campaign report by day.

Quirks kept: two lines of title before the header, totals at the end, thousands marks, '--' where there is
nothing, shares as text with a percent sign; one month as "Excel .csv", which is UTF-16 and has tabs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.chance import text
from cdp_assets.demo.inbox import MONTHS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

EXCEL_MONTH = 10


def count_sessions(con: duckdb.DuckDBPyConnection) -> None:
    """Add the batch's sessions and orders per paid campaign and day to `campaign_days`."""
    con.execute(
        "create table if not exists campaign_days "
        "(marketing_channel text, campaign text, day date, sessions bigint, orders bigint, revenue decimal(18, 2))"
    )
    con.execute(
        """
        insert into campaign_days
        select marketing_channel, touches.campaign, eastern(touches.at_utc)::date as day, count(*),
            count(order_id), coalesce(sum(net), 0)
        from touches
        join sessions using (touch)
        where marketing_channel in ('paid_search', 'paid_social')
        group by marketing_channel, touches.campaign, day
        """
    )


def create_spend(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `spend`: marketing_channel, campaign, day, clicks, impressions, cost (USD), orders, revenue.

    To be called after the last batch.
    """
    journeys = parameters.journeys
    cost = " ".join(f"when {text(name)} then {value}" for name, value in journeys["cost_per_click"].items())
    rate = " ".join(
        f"when {text(name)} then {value}" for name, value in journeys["click_through_rate"].items()
    )
    con.execute(
        f"""
        create or replace table spend as
        with days as (
            select marketing_channel, campaign, day, sum(sessions) as sessions, sum(orders) as orders,
                sum(revenue) as revenue
            from campaign_days group by all
        )
        select
            *,
            ceil(sessions / {journeys["sessions_per_click"]})::bigint as clicks,
            ceil(clicks / (case campaign {rate}
                end) * (0.8 + 0.4 * u('impressions', campaign || day)))::bigint as impressions,
            round(clicks * (case campaign {cost} end) * (0.85 + 0.3 * u('click price', campaign || day)),
                2)::decimal(18, 2) as cost,
        from days
        order by day, marketing_channel, campaign
        """
    )


def write_report(inbox: Inbox, parameters: Parameters) -> None:
    """Write the year's reports from `spend`, one file per month with its totals."""
    columns = parameters.columns("google_ads_campaigns")

    def cells(day: str, campaign: str) -> str:
        return inbox.cells(
            "google_ads_campaigns",
            {
                "Day": day,
                "Campaign": campaign,
                "Currency code": "'USD'",
                "Clicks": "format('{:,}', clicks)",
                "Impr.": "format('{:,}', impressions)",
                "CTR": "format('{:.2f}%', 100.0 * clicks / impressions)",
                "Avg. CPC": "format('{:.2f}', (cost / clicks)::double)",
                "Cost": "format('{:,.2f}', cost::double)",
                "Conversions": "format('{:.2f}', orders::double)",
                "Cost / conv.": "if(orders > 0, format('{:.2f}', (cost / orders)::double), '--')",
                "Conv. rate": "format('{:.2f}%', 100.0 * orders / clicks)",
                "Conv. value": "format('{:,.2f}', revenue::double)",
            },
        )

    for year, month in MONTHS:
        last = month_end(year, month)
        excel = month == EXCEL_MONTH
        dates = f"{last[:8]}01 - {last}"
        begun = f"\ufeffCampaign report\n{dates}\n" if excel else f'Campaign report\n"{dates}"\n'
        name = f"campaign_report_{'excel_' if excel else ''}{last}.csv"
        header = ("\t" if excel else ",").join(columns)
        encoding, delimiter = ("utf-16-le", "\t") if excel else ("utf-8", ",")
        where = f"marketing_channel = 'paid_search' and month(day) = {month}"
        query = f"select {cells('day', 'campaign')} from spend where {where} order by day, campaign"
        inbox.append(
            ("google_ads", "campaigns"),
            name,
            query,
            header=header,
            preamble=begun,
            encoding=encoding,
            delimiter=delimiter,
        )
        totals = f"""
            select {cells("'Total: Account'", "'--'")}
            from (select sum(clicks)::bigint as clicks, sum(impressions)::bigint as impressions, sum(cost) as cost,
                    sum(orders)::bigint as orders, sum(revenue) as revenue from spend where {where})
            where clicks is not null
        """
        inbox.append(("google_ads", "totals"), name, totals, encoding=encoding, delimiter=delimiter)
