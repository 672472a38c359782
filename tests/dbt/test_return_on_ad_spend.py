"""What advertising brings says of what: a coupon of 60 on 100, a refund, and 40 of spend, from the files to the summary."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_retailer import SmallRetailer, failures

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_each_ratio_to_spend_is_of_what_its_name_says(shared_dir: Path, tmp_path: Path) -> None:
    made = SmallRetailer.open(tmp_path / "home", date(2024, 10, 20))
    made.land(shared_dir / "cases" / "roas_before_coupon_and_refund" / "inbox")
    made.people = {"shopify:9000000000": "alba", "ga4:9000000000": "alba"}
    assert not failures(made.build())
    ratios = made.query(
        "select gross_return_on_ad_spend, discounted_return_on_ad_spend, net_return_on_ad_spend, margin_return_on_ad_spend, return_on_ad_spend "
        "from marts.attribution_summary where attribution_model = 'last_touch' and dimension = 'marketing_channel' and period = 'all' "
        "and customer_type = 'all' and marketing_channel = 'paid_search'"
    )
    assert ratios == [(2.5, 1.0, 1.0, None, 1.0)]
