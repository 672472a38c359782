"""Who came, and from where: visits become touches, find their customer and the order that they ended in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from delivered_rows import shopify_order, visit
from small_retailer import SmallRetailer, failures

from cdp_assets.state import connect_state

pytestmark = pytest.mark.integration


def event(device: str, session: str, at: str, name: str = "page_view", **cells: Any) -> dict[str, Any]:
    return {**visit(device, session, at), "event_name": name, **cells}


def call(device: str | None, message: str, at: str, kind: str = "page", **cells: Any) -> dict[str, Any]:
    return {
        "message_id": message,
        "call_type": kind,
        "called_at": datetime.fromisoformat(at),
        "anonymous_id": device,
        **cells,
    }


EVENTS = [
    # a guest's session that ended in order 1001, and another of the same browser
    visit("d1", "1", "2017-03-05 11:00:00", source="google", medium="organic"),
    visit("d1", "2", "2017-03-10 11:00:00", source="google", medium="cpc"),
    event("d1", "2", "2017-03-10 12:00:01", "purchase", ecommerce_transaction_id="1001"),
    # two people in one session, then nobody said
    visit("d2", "1", "2017-03-01 08:00:00", source="newsletter", medium="email"),
    event("d2", "1", "2017-03-01 08:01:00", "login", user_id="7"),
    event("d2", "1", "2017-03-01 08:10:00", "login", user_id="8"),
    event("d2", "1", "2017-03-01 08:11:00"),
    # two orders in one session, and a look around after each
    visit("d3", "1", "2017-03-02 08:00:00", source="google", medium="cpc"),
    event("d3", "1", "2017-03-02 08:10:00", "purchase", transaction_id="1002"),
    event("d3", "1", "2017-03-02 08:10:30", "purchase", transaction_id="1002"),
    event("d3", "1", "2017-03-02 08:15:00"),
    event("d3", "1", "2017-03-02 08:20:00", "purchase", transaction_id="1003"),
    event("d3", "1", "2017-03-02 08:21:00"),
    # clicks that only their id tells
    visit("d4", "1", "2017-03-03 08:00:00", source="google", medium="organic", gclid="Cj0x"),
    visit("d4", "2", "2017-03-04 08:00:00", page_location="https://shop.example/?a=1&wbraid=x"),
    visit("d4", "3", "2017-03-05 08:00:00", page_location="https://shop.example/?gclid=&fbclid=x"),
    visit("d4", "4", "2017-03-06 08:00:00", collected_source="tiktok", collected_medium="cpc"),
    visit("d4", "5", "2017-03-07 08:00:00", page_location="https://shop.example/?xgclid=1"),
    visit(
        "d4",
        "6",
        "2017-03-08 08:00:00",
        source="google",
        medium="organic",
        page_location="https://shop.example/?gad_source=1",
    ),
    visit("d4", "7", "2017-03-09 08:00:00", source="google", medium="organic", dclid="x"),
    # back from where they paid, and from another part of the site
    visit("d5", "1", "2017-03-03 08:00:00", source="www.paypal.com", medium="referral"),
    visit(
        "d5",
        "2",
        "2017-03-04 08:00:00",
        source="shop.example",
        medium="referral",
        page_location="https://www.shop.example/cart",
    ),
    visit(
        "d5",
        "3",
        "2017-03-05 08:00:00",
        source="checkout.shop.example",
        medium="referral",
        page_location="https://shop.example/",
    ),
    event("d5", "3", "2017-03-05 08:01:00", source="newsletter", medium="email"),
]
CALLS = [
    call("a1", "m1", "2017-04-01 08:00:00", "track", event_name="Application Opened"),
    call(
        "a1", "m2", "2017-04-01 08:20:00", campaign_source="app", campaign_medium="push", campaign_name="hi"
    ),
    call("a1", "m3", "2017-04-01 08:50:00"),
    call("a1", "m4", "2017-04-01 09:20:01", "identify", user_id="7"),
    call(
        "a1", "m5", "2017-04-01 09:20:05", "track", event_name="Order Completed", order_id="1004", user_id="7"
    ),
    call("a1", "m6", "2017-04-02 09:00:00", "identify", user_id="7"),
    call(None, "m7", "2017-04-03 09:00:00", "track", event_name="Card Used", user_id="8"),
]

# GA4 gives all events of a batch one time, and an export lists them as it likes
BATCH: list[dict[str, Any]] = [
    {"name": "page_view", "source": "partner", "medium": "x1", "campaign": "b"},
    {"name": "page_view", "source": "google", "medium": "cpc", "campaign": "c"},
    {"name": "page_view", "source": "google", "medium": "organic", "campaign": "a"},
]
EVENTS += [event("d8", "1", "2017-06-01 10:00:00", **cells) for cells in BATCH]
EVENTS += [event("d9", "1", "2017-06-01 10:00:00", **cells) for cells in reversed(BATCH)]
CALLS += [
    call(
        device,
        f"{device}{number}",
        "2017-06-01 10:00:00",
        "identify",
        user_id=device,
        campaign_source=source,
        trait_city=city,
    )
    for device, batch in (("t1", [("x", "A"), ("y", "B")]), ("t2", [("y", "B"), ("x", "A")]))
    for number, (source, city) in enumerate(batch)
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    made = SmallRetailer.open(tmp_path_factory.mktemp("touches") / "home", date(2017, 12, 31))
    made.deliver("ga4", "events", EVENTS)
    made.deliver("segment", "calls", CALLS)
    made.deliver(
        "shopify",
        "orders",
        [
            shopify_order("#1001", "2017-03-10 12:00:00", order_id="8801"),
            shopify_order("#1002", "2017-03-02 08:10:00", order_id="8802"),
            shopify_order("#1003", "2017-03-02 08:20:00", order_id="8803"),
            shopify_order("#1004", "2017-04-01 09:20:03", order_id="8804", email="ann@x.test"),
        ],
    )
    made.deliver(
        "mailchimp",
        "activity",
        [
            {
                "activity_id": f"A{n}",
                "euid": "e1",
                "action": action,
                "activity_at": datetime(2017, 5, 28, 10, n),
            }
            for n, action in enumerate(["sent", "open", "click", "bounce", "unsubscribe"])
        ],
    )
    made.deliver(
        "loyalty",
        "contacts",
        [
            {
                "contact_id": f"C{n}",
                "member_id": "M1",
                "kind": kind,
                "contacted_at": datetime(2017, 5, 29, 10, n),
            }
            for n, kind in enumerate(["coupon", "group", "service"])
        ],
    )
    made.people = {
        "ga4:7": "ann",
        "segment:7": "ann",
        "ga4:8": "ben",
        "segment:8": "ben",
        "shopify:guest:8804": "ann",
    }
    assert not failures(made.build_paths())
    return made


def touches(built: SmallRetailer, where: str) -> list[tuple[Any, ...]]:
    return built.query(
        "select touchpoint_id, coalesce(customer_id, '-'), marketing_channel, coalesce(ends_in_order_id, '-') "
        f"from journeys.customer_touchpoints where {where} order by touched_at, touchpoint_id"
    )


def test_a_guests_order_is_credited_to_the_session_that_its_purchase_event_names(
    built: SmallRetailer,
) -> None:
    assert built.query(
        "select touch_id, customer_id, is_anonymous from journeys.path_touches where conversion_id = 'shopify:8801'"
    ) == [("ga4:d1.2", None, True)]


def test_the_event_that_names_an_order_tells_nothing_of_who_is_who(built: SmallRetailer) -> None:
    assert touches(built, "device_id = 'd1'") == [
        ("d1.1", "-", "organic_search", "-"),
        ("d1.2", "-", "paid_search", "1001"),
    ]
    assert built.query(
        "select count(*) from staging.stg_ga4__links where linked_customer_id not in ('7', '8')"
    ) == [(0,)]


def test_two_log_ins_in_a_session_split_it(built: SmallRetailer) -> None:
    assert touches(built, "device_id = 'd2'") == [
        ("d2.1", "ann", "email", "-"),
        ("d2.1.2", "ben", "email", "-"),
    ]


def test_two_orders_of_a_session_have_a_path_each(built: SmallRetailer) -> None:
    assert touches(built, "device_id = 'd3'") == [
        ("d3.1", "-", "paid_search", "1002"),
        ("d3.1.2", "-", "paid_search", "1003"),
    ]
    assert built.query(
        "select conversion_id, touch_id from journeys.path_touches where conversion_id in ('shopify:8802', 'shopify:8803') order by 1"
    ) == [("shopify:8802", "ga4:d3.1"), ("shopify:8803", "ga4:d3.1.2")]


def test_a_visit_with_a_click_id_is_what_it_is(built: SmallRetailer) -> None:
    assert [row[2] for row in touches(built, "device_id = 'd4'")] == [
        "paid_search", "paid_search", "organic_social", "paid_social", "direct", "paid_search", "display",
    ]  # fmt: skip


def test_who_comes_back_from_paying_or_from_the_site_itself_was_sent_by_nobody(built: SmallRetailer) -> None:
    assert [row[2] for row in touches(built, "device_id = 'd5'")] == ["direct", "direct", "email"]


def test_what_was_told_at_one_time_is_the_same_whatever_stands_first(built: SmallRetailer) -> None:
    assert built.query(
        "select source, medium, campaign, count(*) from staging.stg_ga4__touchpoints where device_id in ('d8', 'd9') group by all"
    ) == [("google", "cpc", "a", 2)]
    assert built.query(
        "select city, count(*) from staging.stg_segment__customers where source_customer_id in ('t1', 't2') group by all"
    ) == [("B", 2)]


def test_an_apps_calls_are_grouped_to_visits(built: SmallRetailer) -> None:
    assert touches(built, "channel = 'segment'") == [
        ("m1", "ann", "push", "-"),
        ("m4", "ann", "direct", "1004"),
        ("m7", "ben", "direct", "-"),
    ]


def test_an_apps_purchase_binds_its_visit_and_does_not_take_it_off_the_path(built: SmallRetailer) -> None:
    assert built.query(
        "select touch_id from journeys.path_touches where conversion_id = 'shopify:8804' order by position"
    ) == [("segment:m1",), ("segment:m4",)]


def test_letters_and_contacts_are_touches_that_say_whether_they_can_be_credited(built: SmallRetailer) -> None:
    assert built.query(
        "select touch_type, marketing_channel, can_be_credited from journeys.customer_touchpoints "
        "where channel in ('mailchimp', 'loyalty') order by touched_at"
    ) == [
        ("email_send", "email", False),
        ("email_open", "email", False),
        ("email_click", "email", True),
        ("email_bounce", "email", False),
        ("email_unsubscribe", "email", False),
        ("coupon_handout", "coupon", True),
        ("group_join", "organic_social", True),
        ("service_contact", "other", False),
    ]


def landed_case(case: str, shared_dir: Path, tmp_path: Path) -> SmallRetailer:
    """The files of a case, landed as delivered; all its records are one person."""
    inbox = shared_dir / "cases" / case / "inbox"
    if not inbox.is_dir():
        pytest.skip(f"{case} is not there")
    made = SmallRetailer.open(tmp_path / "home", date(2024, 10, 20))
    made.land(inbox)
    with connect_state(made.settings, read_only=True) as con:
        assert con.execute("select count(*) from loads where status = 'landed'").fetchone() != (0,)
    made.people = {
        f"{channel}:{record}": "alba"
        for channel, record in [
            ("shopify", "9000000000"),
            ("shopify", "guest:88000001"),
            ("ga4", "9000000000"),
        ]
    }
    return made


CASES: Mapping[str, list[tuple[Any, ...]]] = {
    "ga4_purchase_names_the_order": [("paid_search", 1)],
    "ga4_gclid_is_paid_search": [("paid_search", 1)],
    "anonymous_visit_before_first_log_in": [("paid_search", 1), ("direct", 2)],
}


@pytest.mark.parametrize(
    "case",
    [
        each if each == "anonymous_visit_before_first_log_in" else pytest.param(each, marks=pytest.mark.slow)
        for each in CASES
    ],
)
def test_the_shared_case_has_its_path(case: str, shared_dir: Path, tmp_path: Path) -> None:
    made = landed_case(case, shared_dir, tmp_path)
    assert not failures(made.build_paths())
    assert (
        made.query(
            "select marketing_channel, position from journeys.path_touches where is_conversion order by position"
        )
        == CASES[case]
    )


@pytest.mark.slow
def test_the_houses_return_on_spend_is_of_what_was_paid(shared_dir: Path, tmp_path: Path) -> None:
    made = landed_case("roas_before_coupon_and_refund", shared_dir, tmp_path)
    assert not failures(made.build())
    assert made.query(
        "select distinct gross_return_on_ad_spend, discounted_return_on_ad_spend, net_return_on_ad_spend, return_on_ad_spend "
        "from marts.attribution_summary where marketing_channel = 'paid_search' and campaign is null and customer_type = 'all'"
    ) == [(2.5, 1.0, 1.0, 1.0)]
