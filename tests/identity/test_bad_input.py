"""Bad input has a stated outcome."""

from __future__ import annotations

import pytest

from cdp_assets import identity
from tests.identity.identity_home import IdentityHome, person


def test_no_records_at_all_is_an_empty_identity(home: IdentityHome) -> None:
    home.write([])
    home.run()
    assert home.ids() == {}
    home.commit("g1")


def test_only_one_column_filled_links_by_it_alone(home: IdentityHome) -> None:
    home.write(
        [
            person("a", email="x.berg@mail.net"),
            person("b", email="x.berg@mail.net"),
            person("c", email="other@mail.net"),
        ]
    )
    home.run()
    assert home.groups() == {frozenset("ab"), frozenset("c")}


def test_a_column_with_one_value_ties_nobody(home: IdentityHome) -> None:
    rows = [person(str(i), full_name=f"{chr(65 + i % 26)}ra{chr(97 + i)}k {chr(75 + i % 10)}ost{i % 7}", city="Reno", gender="f",
                   birth_date="1990-01-01", country="US") for i in range(20)]  # fmt: skip
    home.write(rows)
    home.run()
    assert max(len(group) for group in home.groups()) <= 2


def test_ten_thousand_identical_records_are_one_node_and_one_customer(home: IdentityHome) -> None:
    home.write([person("0")])
    with home.warehouse() as con:
        con.execute("delete from identity.customer_records")
        con.execute(
            "insert into identity.customer_records (channel, source_customer_id, record_kind, full_name, phone, email) "
            "select 'shop', range, 'guest', 'Ida Jung', '+14155550101', 'ida@jung.net' from range(10000)"
        )
    found = home.run()
    assert found["build_nodes"].counts["nodes"] == 1
    assert home.query("select count(distinct customer_id) from identity.customer_ids") == [(1,)]


def test_a_thousand_records_of_one_common_name_stay_apart(home: IdentityHome) -> None:
    home.write([person(str(i), full_name="Li Wei") for i in range(1000)])
    found = home.run()
    assert found["build_nodes"].counts["nodes"] == 1
    assert home.query("select count(distinct customer_id) from identity.customer_ids") == [(1000,)]


def test_one_phone_on_five_thousand_records_is_refused(home: IdentityHome) -> None:
    home.write([person("0")])
    with home.warehouse() as con:
        con.execute("delete from identity.customer_records")
        con.execute(
            "insert into identity.customer_records (channel, source_customer_id, record_kind, phone, email) "
            "select 'shop', range, 'guest', '+14155550101', 'user' || range || '@mail' || range % 97 || '.net' from range(5000)"
        )
    home.run()
    assert home.query("select guard, record_count from identity.guard_events") == [
        ("too_many_records_phone", 5000)
    ]
    assert home.query("select count(distinct customer_id) from identity.customer_ids") == [(5000,)]


def test_records_without_any_evidence_stay_alone(home: IdentityHome) -> None:
    home.write([person("a"), person("b"), person("c", full_name="测试")])
    home.run()
    assert len(home.groups()) == 3


def test_an_id_that_repeats_is_an_error_that_names_the_channel(home: IdentityHome) -> None:
    home.write([person("a"), person("a")])
    with pytest.raises(identity.IdentityProblem, match="shop: 1 ids"):
        home.run()


def test_a_family_with_one_phone_and_address_is_a_household_not_a_person(home: IdentityHome) -> None:
    shared = {
        "phone": "+14155550101",
        "street": "12 Main Street",
        "postcode": "89501",
        "city": "Reno",
        "family_name": "Quist",
    }
    home.write([person("a", given_name="Anna", **shared), person("b", given_name="Otto", **shared)])
    home.run()
    assert len(home.groups()) == 2
    assert home.query("select count(distinct household_id) from identity.households") == [(1,)]


def test_a_recycled_phone_without_a_name_joins_nobody(home: IdentityHome) -> None:
    phone = "+14155550101"
    home.write([
        person("old", full_name="Anna Quist", phone=phone), person("new", full_name="Otto Rost", phone=phone), person("bare", phone=phone),
        person("other", full_name="Zoe Wirt"),
    ])  # fmt: skip
    home.run()
    assert len(home.groups()) == 4


def test_a_caterpillar_of_near_matches_is_not_one_customer(home: IdentityHome) -> None:
    """Each record shares a phone with the one before and an e-mail with the one after: no two ends have anything in common."""
    chain = [
        person(f"c{i:02}", full_name=f"Ida Jung{'abcdefghij'[i // 4]}", phone=f"+1415{5550200 + 37 * (i // 2)}",
               email=f"jung{(i + 1) // 2 * 91}@mail.net")
        for i in range(40)
    ]  # fmt: skip
    home.write(chain)
    home.run()
    # Every tie is as weak as the next, so none is trusted, and a steward sees the strongest of them.
    assert len(home.groups()) == 40
    assert home.query(
        "select count(*), min(record_key_l) <> max(record_key_l) from identity.review_queue where kind = 'held'"
    ) == [(20, True)]


def test_in_a_small_file_two_common_names_in_one_household_are_two_people(home: IdentityHome) -> None:
    shared = {
        "email": "kusha123@mail.net",
        "street": "1304 Poppy Hills Dr",
        "postcode": "43004",
        "birth_date": "1997-09-28",
    }
    home.write(
        [person("a", full_name="Mark Kusha", **shared), person("b", full_name="Marsha Kusha", **shared)]
    )
    home.run()
    assert len(home.groups()) == 2
