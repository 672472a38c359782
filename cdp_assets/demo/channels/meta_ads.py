"""Meta Ads: the ads report by day. Quirk kept: the currency stands in a header, 'Amount spent (USD)'."""

from __future__ import annotations

from cdp_assets.demo.inbox import QUARTERS, Inbox, month_end


def write_report(inbox: Inbox) -> None:
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
    for year, month in QUARTERS:
        inbox.append(
            ("meta_ads", "ads"),
            f"ads_report_{month_end(year, month)}.csv",
            f"select {cells} from spend where marketing_channel = 'paid_social' and quarter(day) * 3 = {month} "
            "order by day, campaign",
        )
