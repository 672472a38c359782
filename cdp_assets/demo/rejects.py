"""The few rows that break their contract on purpose, so that quarantine has something to show.

Which and how many is declared in traps.yaml under bad_rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdp_assets.demo.inbox import Inbox
    from cdp_assets.demo.parameters import Parameters

_LAST = "2017-12-31"


def _line(columns: list[str], cells: dict[str, str]) -> str:
    return ",".join(cells.get(column, "") for column in columns) + "\n"


def write_bad_rows(inbox: Inbox, parameters: Parameters) -> None:
    """Append one bad row to the last file of each export that traps.yaml names."""
    rows = {
        "square_items": (
            ("square", "items"),
            "items-2017-12-01-2018-01-01.csv",
            {
                "Date": "2017-13-09",
                "Time": "12:01:00",
                "Time Zone": "Eastern Time (US & Canada)",
                "Item": "Till test",
                "Qty": "1.0",
                "Gross Sales": "$0.00",
                "Net Sales": "$0.00",
                "Transaction ID": "TESTTRANSACTION0000000001",
                "Event Type": "Payment",
            },
        ),
        "loyalty_members": (
            ("loyalty", "members"),
            f"members_{_LAST}.csv",
            {"member_id": "OF99999999", "full_name": "Test Card", "joined_at": "2017-02-31 10:00:00"},
        ),
        "google_ads_campaigns": (
            ("google_ads", "campaigns"),
            f"campaign_report_{_LAST}.csv",
            {
                "Day": _LAST,
                "Campaign": "Test - Paused",
                "Currency code": "USD",
                "Clicks": "0",
                "Impr.": "0",
                "Cost": "n/a",
            },
        ),
    }
    for declared in parameters.traps["bad_rows"]:
        export, name, cells = rows[declared]
        inbox.append_text(export, name, _line(parameters.columns(declared), cells), 1)
