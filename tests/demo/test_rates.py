"""The default retailer is the one that was promised."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.demo import SimulationReport, simulate

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo_rates")

PERSONS = 3000


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> SimulationReport:
    """The default retailer."""
    return simulate(PERSONS, 7, tmp_path_factory.mktemp("default"))


@pytest.mark.slow
def test_three_thousand_persons_place_about_forty_thousand_orders(default: SimulationReport) -> None:
    assert default.orders == pytest.approx(40_000, rel=0.06)


@pytest.mark.slow
def test_a_fifth_buys_once_and_four_per_cent_of_orders_are_refunded(default: SimulationReport) -> None:
    orders = f"'{default.out}/truth/orders.parquet'"
    once, refunded = duckdb.sql(
        f"""
        select
            (select count(*) filter (where placed = 1)
                from (select count(*) as placed from {orders} group by person_id)),
            (select avg((refunded_amount > 0)::int) from {orders})
        """
    ).fetchall()[0]
    assert once / PERSONS == pytest.approx(0.20, abs=0.03)
    assert refunded == pytest.approx(0.04, abs=0.005)


@pytest.mark.slow
def test_the_truth_names_the_accounts_that_the_last_export_holds_and_no_others(
    default: SimulationReport,
) -> None:
    named, held, both = duckdb.sql(
        f"""
        with named as (
            select source_customer_id as id from '{default.out}/truth/records.parquet'
            where channel = 'shopify' and source_customer_id not like '%:%'
        ),
        held as (
            select right("Customer ID", 13) as id
            from read_csv('{default.out}/inbox/shopify/customers_export_2017-12-31.csv', all_varchar = true)
        )
        select (select count(*) from named), (select count(*) from held), count(*) from named join held using (id)
        """
    ).fetchall()[0]
    assert named == held == both > 1_000


@pytest.mark.slow
def test_every_trap_is_set(default: SimulationReport) -> None:
    pairs = dict(
        duckdb.sql(
            f"select trap, count(*) from '{default.out}/truth/trap_pairs.parquet' group by trap"
        ).fetchall()
    )
    expected = {
        *("family_phone", "family_email", "twins", "namesakes", "recycled_phone", "married_name", "nickname"),
        *("pinyin", "typo", "second_account", "guest_checkout", "gift", "masked_phone", "wechat_only"),
        *("placeholder_phone", "placeholder_email", "store_phone", "staff_card", "birth_date_swapped"),
        *("birth_date_placeholder", "store_tablet", "family_name_only", "street_slip", "namesakes_of_street"),
        *(
            "given_name_only",
            "house_slip",
            "near_street",
            "document_borrowed",
            "document_slip",
            "twins_one_phone",
        ),
        *("father_and_son", "namesakes_next_number"),
    }
    assert expected - set(pairs) == set()


@pytest.mark.slow
def test_the_tablet_in_the_store_serves_hundreds(default: SimulationReport) -> None:
    found = duckdb.sql(
        f"""
        select max(persons) from (
            select count(distinct person_id) as persons
            from '{default.out}/truth/touches.parquet'
            where channel = 'ga4'
            group by split_part(touchpoint_id, '.', 1)
        )
        """
    ).fetchall()[0]
    assert found is not None
    assert found[0] >= 150
