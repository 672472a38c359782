"""What becomes of odd input in the built tables: each case has a stated outcome."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from small_retailer import SmallRetailer, failures

from cdp_assets.state import connect_state

pytestmark = pytest.mark.integration

SHAPES_LAW = "staging_models_have_the_columns_of_their_shape"


def test_every_law_holds_on_the_small_retailer(retailer: SmallRetailer) -> None:
    assert not failures(retailer.dbt("test", "--select", "tag:law"))


def test_every_formula_holds_on_inputs_by_hand(retailer: SmallRetailer) -> None:
    results = retailer.dbt("test", "--select", "test_type:unit")
    assert len(results) > 25
    assert not failures(results)


def test_a_customer_without_orders_is_a_prospect_and_is_not_scored(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select order_count, net_revenue from marts.customers where customer_id = 'cid'"
    ) == [(0, Decimal("0.00"))]
    assert retailer.query("select stage from marts.customer_lifecycle where customer_id = 'cid'") == [
        ("prospect",)
    ]
    assert retailer.query("select 1 from marts.customer_rfm where customer_id = 'cid'") == []


def test_an_order_without_evidence_stays_in_revenue_as_anonymous(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select customer_id, is_anonymous, net_revenue from marts.orders where order_id = '#6'"
    ) == [(None, True, Decimal("12.50"))]


def test_an_order_without_touches_is_unattributed_in_every_model(retailer: SmallRetailer) -> None:
    rows = retailer.query(
        "select distinct marketing_channel, credit from marts.attribution_credits where conversion_id = 'shopify:#6'"
    )
    assert rows == [("unattributed", 1.0)]


def test_two_equal_lines_on_an_order_are_two_lines(retailer: SmallRetailer) -> None:
    assert retailer.query("select count(*) from marts.order_lines where order_id = '#1'") == [(2,)]
    assert retailer.query("select gross_amount, net_amount from marts.orders where order_id = '#1'") == [
        (Decimal("20.00"), Decimal("18.00"))
    ]


def test_an_order_of_nothing_is_an_order_but_no_conversion(retailer: SmallRetailer) -> None:
    assert retailer.query("select is_conversion from marts.orders where order_id = '#4'") == [(False,)]
    assert retailer.query("select 1 from marts.attribution_credits where conversion_id = 'shopify:#4'") == []


def test_a_cancelled_or_unpaid_order_is_kept_and_counts_as_nothing(retailer: SmallRetailer) -> None:
    assert retailer.query(
        """
        select order_id, is_sale, is_conversion, gross_amount, refunded_amount, net_amount, gross_revenue, net_revenue
        from marts.orders where order_id in ('#7', '#8') order by 1
        """
    ) == [
        ("#7", False, False, Decimal("40.00"), Decimal("44.90"), *[Decimal("0.00")] * 3),
        ("#8", False, False, Decimal("40.00"), Decimal("0.00"), *[Decimal("0.00")] * 3),
    ]
    assert retailer.query(
        "select order_count, gross_revenue, net_revenue from marts.customers where customer_id = 'gil'"
    ) == [(0, Decimal("0.00"), Decimal("0.00"))]
    assert retailer.query("select amount, refund_revenue from marts.refunds where order_id = '#7'") == [
        (Decimal("44.90"), Decimal("0.00"))
    ]


def test_whoever_asked_to_be_forgotten_is_no_record_of_any_channel(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select channel, source_customer_id from identity.customer_records where channel in ('loyalty', 'youzan') order by 2, 1"
    ) == [
        ("loyalty", "M1"),
        ("loyalty", "M2"),
        ("loyalty", "M3"),
        ("youzan", "k1"),
        ("youzan", "k2"),
        ("youzan", "k2Jun"),
    ]


def test_two_names_behind_one_phone_are_two_records(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select full_name, phone from identity.customer_records where channel = 'youzan' and source_customer_id like 'k2%' order by 1"
    ) == [("Hua", "13800138001"), ("Jun", "13800138001")]


def test_a_refund_larger_than_its_order_leaves_a_negative_net_and_no_purchase_day(
    retailer: SmallRetailer,
) -> None:
    assert retailer.query("select net_amount from marts.orders where order_id = '#5'") == [
        (Decimal("-10.00"),)
    ]
    assert retailer.query("select 1 from marts.customer_rfm where customer_id = 'dan'") == []
    assert retailer.query("select net_revenue from marts.customers where customer_id = 'dan'") == [
        (Decimal("-10.00"),)
    ]


def test_a_refund_without_its_order_counts_on_its_own_date(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select is_linked, customer_id, restated_date, amount from marts.refunds where channel = 'square'"
    ) == [(False, "ann", date(2017, 7, 2), Decimal("6.00"))]
    # 18 + 30 on the web, 8 in the store, 6 given back
    assert retailer.query("select net_revenue from marts.customers where customer_id = 'ann'") == [
        (Decimal("50.00"),)
    ]


def test_a_cancellation_is_an_order_with_negative_lines_and_shows_as_a_refund_once(
    retailer: SmallRetailer,
) -> None:
    assert retailer.query(
        "select round(sum(line_amount), 3) from marts.order_lines where channel = 'online_retail'"
    ) == [(Decimal("14.450"),)]
    assert retailer.query(
        "select order_id, order_status, gross_amount from marts.orders where channel = 'online_retail' order by 1"
    ) == [
        ("536365", "invoiced", Decimal("30.61")),
        ("A563186", "adjustment", Decimal("-11.06")),
        ("C536379", "return_document", Decimal("-5.10")),
    ]
    assert retailer.query(
        "select refund_id, amount, is_return_document from marts.refunds where customer_id = 'fay'"
    ) == [("C536379", Decimal("5.10"), True)]


def test_amounts_of_another_currency_are_restated_by_the_reference_rate(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select currency, gross_amount, gross_revenue from marts.orders where channel = 'youzan'"
    ) == [("CNY", Decimal("67.50"), Decimal("10.00"))]


def test_a_touch_after_the_last_order_earns_nothing_and_ends_a_null_path(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select outcome from marts.attribution_touches where touch_id = 'ga4:laptop.4'"
    ) == [("null",)]
    assert retailer.query("select 1 from marts.attribution_credits where touch_id = 'ga4:laptop.4'") == []


def test_touches_before_a_devices_first_log_in_belong_to_who_logs_in(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select customer_id, resolved_by from marts.touchpoints where touch_id = 'ga4:laptop.1'"
    ) == [("ann", "next_login")]
    assert retailer.query("select customer_id from marts.touchpoints where touch_id = 'ga4:laptop.3'") == [
        ("ann",)
    ]


def test_a_device_of_three_customers_lends_its_log_in_to_nobody(retailer: SmallRetailer) -> None:
    assert retailer.query("select customer_id from marts.touchpoints where touch_id = 'ga4:kiosk.4'") == [
        (None,)
    ]


def test_who_denied_profiling_keeps_revenue_but_has_no_segment_trait_or_path(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select net_revenue, is_profiled from marts.customers where customer_id = 'ben'"
    ) == [(Decimal("20.00"), False)]
    for table in (
        "customer_rfm",
        "customer_traits",
        "customer_lifecycle",
        "attribution_touches",
        "customer_value",
    ):
        assert retailer.query(f"select 1 from marts.{table} where customer_id = 'ben'") == [], table
    assert retailer.query(
        "select distinct marketing_channel from marts.attribution_credits where conversion_id = 'shopify:#3'"
    ) == [("unattributed",)]


def test_spend_without_touches_shows_as_spend_without_credit(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select distinct reconciliation, spend, conversions from marts.attribution_spend_reconciliation"
    ) == [("spend_without_credit", Decimal("5.00"), 0.0)]
    assert retailer.query(
        "select conversions, spend, cost_per_conversion from marts.attribution_summary"
        " where marketing_channel = 'paid_search' and dimension = 'marketing_channel' and period = 'all'"
        " and attribution_model = 'linear'"
    ) == [(0.0, Decimal("5.00"), None)]


def test_a_month_without_orders_still_has_its_lifecycle_and_scorecard(retailer: SmallRetailer) -> None:
    assert (
        retailer.query("select count(*) from marts.lifecycle_stages where month_end = '2017-11-30'")[0][0] > 0
    )
    assert retailer.query(
        "select metric_value from marts.scorecard_weekly where metric = 'net_revenue' and period_start = '2017-11-06'"
    ) == [(0.0,)]


def test_a_customer_of_one_channel_has_its_breadth_and_one_of_two_has_both(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select channel_breadth, preferred_channel from marts.customer_traits where customer_id = 'eve'"
    ) == [("online only", "youzan")]
    assert retailer.query(
        "select channel_breadth, preferred_store from marts.customer_traits where customer_id = 'ann'"
    ) == [("both", "North")]


def test_a_blocked_value_never_wins_a_place_in_the_golden_record(retailer: SmallRetailer) -> None:
    assert retailer.query("select phone from contact.customers_contact where customer_id = 'ann'") == [
        (None,)
    ]


def test_a_placeholder_name_never_becomes_the_golden_name(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select full_name, phone from contact.customers_contact where customer_id = 'eve'"
    ) == [(None, "13800138000")]


def test_identifiers_are_masked_in_marts_and_clear_in_the_contact_table_only(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select masked_email, masked_full_name from marts.customers where customer_id = 'ann'"
    ) == [("a***@x.test", "A*")]
    assert retailer.query("select email from contact.customers_contact where customer_id = 'ann'") == [
        ("ann@x.test",)
    ]


def test_provenance_names_record_and_rule_and_no_value(retailer: SmallRetailer) -> None:
    assert retailer.query(
        "select channel, source_customer_id, rule from marts.customer_attribute_provenance"
        " where customer_id = 'ann' and attribute = 'full_name'"
    ) == [("loyalty", "M1", "most_trusted_channel")]


def test_what_lies_after_as_of_date_has_not_happened(earlier_retailer: SmallRetailer) -> None:
    after = earlier_retailer.query("select count(*) from marts.orders where order_date > '2017-03-11'")[0][0]
    assert after > 0  # every order stands in marts, whenever it was
    (latest,) = earlier_retailer.query(
        """
        select
            (select max(conversion_date) from marts.attribution_credits),
            (select max(last_order_date) from marts.customers),
            (select max(touch_date) from journeys.touch_outcomes inner join marts.touchpoints using (touch_id)),
            (select max(business_date) from marts.attribution_spend_reconciliation)
        """
    )
    assert all(day <= date(2017, 3, 11) for day in latest)
    assert not failures(earlier_retailer.dbt("test", "--select", "tag:law"))


def test_customer_value_that_was_not_fitted_warns_and_says_why(retailer: SmallRetailer) -> None:
    (result,) = retailer.dbt("test", "--select", "customer_value_is_fitted_on_todays_data")
    assert result.status == "warn"
    assert result.failing_rows == 2
    assert result.reason is not None
    assert "model bg_nbd, status unavailable" in result.reason
    assert "at least 100 are needed: let more orders, or an earlier history, land" in result.reason


def test_money_without_a_rate_is_named_and_stops_nothing(retailer: SmallRetailer) -> None:
    spent = {"spend_date": date(2017, 3, 2), "campaign": "Brand", "currency_code": "XXX", "cost": "1.00"}
    retailer.deliver("google_ads", "campaigns", [spent])
    try:
        retailer.dbt("run", "--select", "stg_google_ads__spend")
        (result,) = retailer.dbt("test", "--select", "every_currency_has_a_rate")
        assert (result.status, result.failing_rows) == ("warn", 1)
        assert result.reason is not None
        assert "channel google_ads, currency XXX, first date 2017-03-02" in result.reason
        assert "data/reference/fx_rates.csv" in result.reason
    finally:
        withdraw(retailer, "google_ads", "campaigns")
        retailer.dbt("run", "--select", "stg_google_ads__spend")


def withdraw(retailer: SmallRetailer, channel: str, export: str) -> None:
    """Take the latest load back, so that the built tables and landing agree again."""
    folder = retailer.settings.landing_dir / channel / export
    latest = max(path for path in folder.glob("*.parquet") if not path.name.startswith("_"))
    latest.unlink()
    with connect_state(retailer.settings) as con:
        con.execute(
            "delete from loads where channel = ? and export = ? and load_id = ?",
            [channel, export, latest.stem],
        )


def test_what_a_channel_lacks_is_a_typed_null_in_its_place(retailer: SmallRetailer) -> None:
    (row,) = retailer.query(
        "select typeof(unit_cost), unit_cost, typeof(line_number) from staging.stg_youzan__order_lines"
    )
    assert row == ("DECIMAL(18,6)", None, "BIGINT")


def test_a_misspelt_or_wrongly_typed_column_of_staging_breaks_a_law(retailer: SmallRetailer) -> None:
    with retailer.warehouse() as con:
        con.execute("create table staging.kept as from staging.stg_ga4__links")
        con.execute(
            "create or replace table staging.stg_ga4__links as "
            "select * replace (cast(linked_at as varchar) as linked_at), linked_channel as linked_chanel from staging.kept"
        )
    try:
        (result,) = retailer.dbt("test", "--select", SHAPES_LAW)
        assert (result.status, result.failing_rows) == ("fail", 2)
    finally:
        with retailer.warehouse() as con:
            con.execute("create or replace table staging.stg_ga4__links as from staging.kept")
            con.execute("drop table staging.kept")
    (result,) = retailer.dbt("test", "--select", SHAPES_LAW)
    assert result.passed
