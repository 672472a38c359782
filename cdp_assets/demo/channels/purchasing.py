"""Purchasing: what the retailer pays for its goods, a plain list of costs at mid-year and at its end.

Costs are invented: a share of the product's usual price in the real baskets; a third of them rise at mid-year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import Inbox, month_end

if TYPE_CHECKING:
    from cdp_assets.demo.parameters import Parameters

LEAST_SHARE, SPREAD = 0.48, 0.24  # of the usual price
DEARER, DEARER_BY = 0.33, 1.04


def write_costs(inbox: Inbox, parameters: Parameters) -> None:
    """Write both lists from `real_lines`; the later one repeats the earlier costs, and has the dearer ones from July on."""
    cells = inbox.cells(
        "purchasing_unit_costs",
        {
            "product_code": "product_id",
            "valid_from": "valid_from",
            "currency": "'USD'",
            "unit_cost": "unit_cost::decimal(9, 2)",
        },
    )
    usual = f"""
        select product_id, median(unit_price) * ({LEAST_SHARE} + {SPREAD} * u('cost', product_id)) as first_cost
        from real_lines group by product_id
    """
    listed = f"""
        select product_id, date '2016-07-01' as valid_from, first_cost as unit_cost from ({usual})
        union all
        select product_id, date '2017-07-01', first_cost * {DEARER_BY} from ({usual}) where u('dearer', product_id) < {DEARER}
    """
    for month in (6, 12):
        day = month_end(2017, month)
        inbox.append(
            ("purchasing", "unit_costs"),
            f"unit_costs_{day}.csv",
            f"select {cells} from ({listed}) where valid_from <= date '{day}' order by product_id, valid_from",
        )
