"""Meta Ads: the ads report by day.

Quirks kept: the currency stands in a header, 'Amount spent (USD)'; the first quarter's file has no 'Day', its rows
begin and end on one day instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import QUARTERS, Inbox, month_end

if TYPE_CHECKING:
    from cdp_assets.demo.parameters import Parameters


def write_report(inbox: Inbox, parameters: Parameters) -> None:
    """Write the year's reports from `spend`, one file per quarter."""
    cells = inbox.cells(
        "meta_ads_ads",
        {
            "Day": "day",
            "Reporting starts": "day",
            "Reporting ends": "day",
            "Campaign name": "campaign",
            "Ad set name": "campaign || ' - Broad'",
            "Ad name": "campaign || ' - Image'",
            "Ad delivery": "'active'",
            "Results": "nullif(orders, 0)",
            "Cost per results": "if(orders > 0, (cost / orders)::decimal(18, 2), null)",
            "Amount spent (USD)": "cost",
            "Impressions": "impressions",
            "Reach": "ceil(impressions * 0.83)::bigint",
            "Link clicks": "clicks",
        },
    )
    columns = parameters.columns("meta_ads_ads")
    for year, month in QUARTERS:
        shown = [index for index, column in enumerate(columns) if column != "Day" or month > 3]
        inbox.append(
            ("meta_ads", "ads"),
            f"ads_report_{month_end(year, month)}.csv",
            f"select {', '.join(f'c{index}' for index in shown)} from (select {cells}, day, campaign from spend "
            f"where marketing_channel = 'paid_social' and quarter(day) * 3 = {month}) order by day, campaign",
            header=",".join(columns[index] for index in shown),
        )
