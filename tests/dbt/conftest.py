"""One small retailer, built once for all tests of the built tables, and the parsed project for those of its shape."""

from __future__ import annotations

from argparse import Namespace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from dbt.flags import set_from_args
from delivered_rows import shopify_order, square_item, visit
from small_retailer import SmallRetailer, failures

from cdp_assets.keys import record_key
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

AS_OF = date(2017, 12, 31)
EARLIER = date(2017, 3, 11)


def _deliver(retailer: SmallRetailer) -> None:
    """Who is who: ann buys on the web and in the store, ben refuses profiling, cid never buys, dan is odd money."""
    retailer.deliver(
        "shopify",
        "orders",
        [
            shopify_order("#1", "2017-03-10 12:00:00", email="ann@x.test", discount_amount="2.00"),
            shopify_order("#1", "2017-03-10 12:00:00", email="ann@x.test", discount_amount="2.00"),
            shopify_order("#2", "2017-03-12 12:00:00", "30.00", email="ann@x.test"),
            shopify_order("#3", "2017-03-12 12:00:00", "20.00", email="ben@x.test"),
            shopify_order("#4", "2017-05-02 12:00:00", "0.00", email="dan@x.test"),
            shopify_order("#5", "2017-05-03 12:00:00", "15.00", email="dan@x.test", refunded_amount="25.00"),
            shopify_order("#6", "2017-05-04 12:00:00", "12.50"),
            shopify_order(
                "#7",
                "2017-05-05 12:00:00",
                "40.00",
                email="gil@x.test",
                cancelled_at=datetime(2017, 5, 6),
                refunded_amount="44.90",
            ),
            shopify_order(
                "#8", "2017-05-07 12:00:00", "40.00", email="gil@x.test", financial_status="pending"
            ),
        ],
    )
    retailer.deliver(
        "shopify", "customers", [{"customer_id": "7", "email": "ann@x.test", "first_name": "Ann"}]
    )
    retailer.deliver(
        "square",
        "items",
        [
            square_item("S1", "2017-06-01 09:00:00", "8.00", customer_id="SQ1", customer_reference_id="M1"),
            square_item("S2", "2017-06-02 09:00:00", "9.00"),
            square_item("S9", "2017-07-02 09:00:00", "-6.00", "Refund", customer_id="SQ1"),
        ],
    )
    retailer.deliver(
        "youzan",
        "orders",
        [
            {
                "order_id": "E1",
                "created_at": datetime(2017, 8, 1, 2),
                "goods_amount": "67.50",
                "order_status": "交易完成",
                "buyer_phone": "13800138000",
                "recipient_phone": "13800138000",
                "recipient_name": "Test Test",
                "_key_customer": "k1",
                "shop_discount_amount": "0",
            }
        ],
    )
    retailer.deliver(
        "youzan",
        "customers",
        [
            {"full_name": name, "phone": phone, "_key_customer": key, "_key_person": f"{key}{name}"}
            for name, phone, key in [
                ("Hua", "13800138001", "k2"),
                ("Jun", "13800138001", "k2"),
                ("Jun", "13800138001", "k2"),
                ("Gone", "13800138002", "k3"),
            ]
        ],
    )
    with connect_state(retailer.settings) as con:
        forgotten = [record_key(b"test-key-of-at-least-thirty-two-bytes", "loyalty", "M9"), "k3"]
        con.executemany("insert into suppressions values ('record', ?, null)", [[each] for each in forgotten])
    retailer.deliver(
        "loyalty",
        "members",
        [
            {"member_id": "M1", "full_name": "Ann Lee", "phone": "13800000000", "profiling_consent": True},
            {
                "member_id": "M2",
                "full_name": "Ben Orr",
                "profiling_consent": False,
                "marketing_consent": True,
            },
            {"member_id": "M3", "full_name": "Cid Ray", "joined_at": datetime(2017, 1, 5)},
            {"member_id": "M9", "full_name": "Forget Me"},
        ],
    )
    retailer.deliver(
        "ga4",
        "events",
        [
            visit("laptop", "1", "2017-03-01 08:00:00", source="newsletter", medium="email"),
            visit("laptop", "2", "2017-03-09 08:00:00", source="google", medium="organic", user_id="7"),
            visit("laptop", "3", "2017-03-11 08:00:00"),
            visit("laptop", "4", "2017-03-20 08:00:00", source="google", medium="organic"),
            visit("phone", "1", "2017-03-11 08:00:00", source="newsletter", medium="email", user_id="8"),
            visit("kiosk", "1", "2017-03-02 08:00:00", user_id="7"),
            visit("kiosk", "2", "2017-03-02 09:00:00", user_id="8"),
            visit("kiosk", "3", "2017-03-02 10:00:00", user_id="9"),
            visit("kiosk", "4", "2017-03-02 11:00:00"),
        ],
    )
    retailer.deliver(
        "google_ads",
        "campaigns",
        [
            {
                "spend_date": date(2017, 3, 1),
                "campaign": "Brand",
                "currency_code": "USD",
                "cost": "5.00",
                "clicks": 3,
                "impressions": 40,
            }
        ],
    )
    retailer.deliver(
        "online_retail",
        "lines",
        [
            {
                "invoice_no": invoice,
                "stock_code": "85123A",
                "description": "HOLDER",
                "quantity": quantity,
                "invoiced_at": datetime(2017, 9, 1, 10),
                "unit_price": price,
                "customer_id": customer,
                "country": "France",
            }
            for invoice, quantity, price, customer in [
                ("536365", 6, "2.551", "17850.0"),
                ("536365", 6, "2.551", "17850.0"),
                ("C536379", -2, "2.551", "17850.0"),
                ("A563186", 1, "-11.06", None),
            ]
        ],
    )
    retailer.people = {
        "shopify:7": "ann", "shopify:guest:#1": "ann", "shopify:guest:#2": "ann", "loyalty:M1": "ann",
        "square:SQ1": "ann", "ga4:7": "ann", "shopify:guest:#3": "ben", "loyalty:M2": "ben", "ga4:8": "ben",
        "loyalty:M3": "cid", "shopify:guest:#4": "dan", "shopify:guest:#5": "dan", "ga4:9": "dan",
        "shopify:guest:#7": "gil", "shopify:guest:#8": "gil", "youzan:k1": "eve", "online_retail:17850": "fay",
    }  # fmt: skip


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    """The small retailer's home with the project parsed for it, nothing built."""
    made = SmallRetailer.open(tmp_path_factory.mktemp("small") / "home", AS_OF)
    made.parse()
    return made


@pytest.fixture(scope="session")
def retailer(opened: SmallRetailer) -> SmallRetailer:
    """The small retailer, built: all models, tests of the build included."""
    _deliver(opened)
    assert not failures(opened.build())
    return opened


@pytest.fixture(scope="module")
def earlier_retailer(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    """The same rows, built as of a day in their midst."""
    made = SmallRetailer.open(tmp_path_factory.mktemp("earlier") / "home", EARLIER)
    _deliver(made)
    assert not failures(made.build())
    return made


@pytest.fixture(scope="session")
def manifest(opened: SmallRetailer) -> dict[str, Any]:
    """The project's manifest, also where an earlier process parsed it and dbt has set no flags in this one."""
    set_from_args(Namespace(send_anonymous_usage_stats=False), None)
    written: dict[str, Any] = opened.parse().writable_manifest().to_dict(omit_none=False)
    return written


@pytest.fixture(scope="session")
def project_dir() -> Path:
    """The dbt project."""
    return Settings(key="test-key-of-at-least-thirty-two-bytes").dbt_project_dir
