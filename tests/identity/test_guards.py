"""Evidence that must not count is refused, and each refusal can be read."""

from __future__ import annotations

from typing import Any

import pytest

from cdp_assets import identity
from tests.identity.identity_home import IdentityHome, Row, person


def guard(
    home: IdentityHome, rows: list[Row], links: list[tuple[str, str, str, str]] | None = None
) -> dict[str, int]:
    home.write(rows, links or [])
    with home.warehouse() as con:
        identity.normalise_records(con, home.context)
        identity.refuse_bad_evidence(con, home.context)
        identity.build_links(con, home.context)
        return dict(
            con.execute(
                "select guard, sum(record_count) from identity.guard_events group by guard"
            ).fetchall()
        )


def crowd(count: int, **values: object) -> list[Row]:
    names = [
        "Anna Berg",
        "Carl Dunn",
        "Eva Ford",
        "Gus Hale",
        "Ida Jung",
        "Karl Lund",
        "Mia Nord",
        "Otto Penn",
        "Quin Rost",
        "Sia Tran",
    ]
    return [person(f"c{i}", full_name=names[i % len(names)], **values) for i in range(count)]


def test_placeholders_are_refused_by_pattern(home: IdentityHome) -> None:
    found = guard(
        home,
        [
            person("1", phone="13800000000", channel="mini"), person("2", email="test@test.com"), person("3", phone="+1 415 999 9999"),
            person("4", full_name="Guest"), person("5", birth_date="1900-01-01"),
        ],
    )  # fmt: skip
    assert found == {
        "placeholder_phone": 2,
        "placeholder_email": 1,
        "placeholder_name": 1,
        "placeholder_birth_date": 1,
    }


def test_a_phone_of_too_many_people_is_refused_and_a_family_phone_is_not(home: IdentityHome) -> None:
    assert guard(home, crowd(10, phone="+14155550123")) == {"too_many_people_phone": 10}
    assert guard(home, crowd(4, phone="+14155550123")) == {}


def test_one_person_in_many_spellings_does_not_block_a_phone(home: IdentityHome) -> None:
    spellings = [
        "Robert Smith",
        "Bob Smith",
        "SMITH, Robert",
        "R Smith",
        "Rob Smith",
        "Robert Smyth",
        "Robbie Smith",
        "Smith Robert",
    ]
    assert (
        guard(
            home, [person(str(i), full_name=name, phone="+14155550123") for i, name in enumerate(spellings)]
        )
        == {}
    )


def test_the_retailers_own_contacts_are_refused(home: IdentityHome) -> None:
    home.own_contacts = ("(415) 555-0199", "Hello@Our-Shop.com")
    found = guard(home, [person("1", phone="+1 415 555 0199"), person("2", email="hello@our-shop.com")])
    assert found == {"own_contact": 2}


def test_a_staff_card_links_nobody(home: IdentityHome) -> None:
    rows = [
        *crowd(8),
        {"channel": "club", "source_customer_id": "card", "record_kind": "member", "full_name": "Staff Card"},
    ]
    found = guard(home, rows, [("shop", f"c{i}", "club", "card") for i in range(8)])
    assert found == {"staff_card": 8}


def test_a_card_lent_to_another_given_name_does_not_merge(home: IdentityHome) -> None:
    rows = [
        person("a", full_name="Anna Berg"), person("b", full_name="Otto Berg"),
        {"channel": "club", "source_customer_id": "card", "record_kind": "member", "full_name": "Anna Berg"},
    ]  # fmt: skip
    guard(home, rows, [("shop", "a", "club", "card"), ("shop", "b", "club", "card")])
    assert sorted(home.query("select is_refused, reason from identity.links")) == [
        (False, None),
        (True, "names_conflict"),
    ]


@pytest.mark.parametrize(
    ("on_card", "at_till", "is_one"),
    [
        ("David Simmons", "D Jones", False),
        ("Chris Frank", "Charles Fuller", False),
        ("C Sutton", "Chloe Clark", False),
        ("Anna Miller", "Anna Schmidt", True),  # she married
        ("Liz Miller", "Elizabeth Schmidt", True),
        ("Anna Miller", "A Miller", True),
        ("Anna Miller", "Anna Millar", True),
        ("Anna Miller", "Miller Anna", True),
        ("Anna Miller-Schmidt", "A Miller", True),
        ("Anna Miller", "Anna", True),
    ],
)
def test_beside_another_family_name_an_initial_in_common_is_not_one_person(
    home: IdentityHome, on_card: str, at_till: str, is_one: bool
) -> None:
    member = {
        "channel": "club",
        "source_customer_id": "card",
        "record_kind": "member",
        "full_name": on_card,
    }
    guard(home, [person("a", full_name=at_till), member], [("shop", "a", "club", "card")])
    expected = (False, None) if is_one else (True, "names_conflict")
    assert home.query("select is_refused, reason from identity.links") == [expected]


def test_no_message_holds_a_whole_value(home: IdentityHome) -> None:
    guard(home, [*crowd(10, phone="+14155550123", email="shared@family.net")])
    text = " ".join(row[0] for row in home.query("select message from identity.guard_events"))
    assert "4155550123" not in text
    assert "shared@" not in text
    assert "Anna" not in text


def refused(home: IdentityHome, rows: list[Row]) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """(what the step counted, every refusal: rule, type, people, records)."""
    home.write(rows)
    with home.warehouse() as con:
        identity.normalise_records(con, home.context)
        counts = dict(identity.refuse_bad_evidence(con, home.context).counts)
        left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
        assert left == []
        return counts, con.execute(
            "select rule, identifier_type, people_count, record_count from identity.blocked_identifiers order by all"
        ).fetchall()


def messages(home: IdentityHome) -> list[str]:
    return [row[0] for row in home.query("select message from identity.guard_events order by 1")]


def test_each_refusal_says_how_many_and_which_without_saying_whose(home: IdentityHome) -> None:
    home.own_contacts = ("+1 415 555 0199",)
    names = ["Anna Berg", "Carl Dunn", "Eva Ford", "Gus Hale", "Ida Jung", "Karl Lund", "Mia Nord"]
    rows = [
        *(person(f"c{i}", full_name=name, phone="+14155550123") for i, name in enumerate(names)),
        person("o1", full_name="Otto Penn", phone="+1 415 555 0199"),
        person("t1", full_name="Test User", email="test@test.com"),
        person("b1", full_name="Sia Tran", birth_date="1900-01-01", email="sia.tran@family.net"),
    ]
    counts, found = refused(home, rows)
    assert found == [
        ("own_contact", "phone", 1, 1),
        ("placeholder_birth_date", "birth_date", 0, 1),
        ("placeholder_email", "email", 1, 1),
        ("placeholder_name", "name", 0, 1),
        ("too_many_people_phone", "phone", 7, 7),
    ]
    assert counts == {"identifiers": 10, "blocked": 9, "guard_events": 5}
    assert messages(home) == [
        "birth date *** is a placeholder: it does not count as evidence on 1 records",
        "email t***@test.com is a placeholder: it does not count as evidence on 1 records",
        "name *** is a placeholder: it does not count as evidence on 1 records",
        "phone ***123 is carried by at least 7 different people on 7 records: it does not count as evidence",
        "phone ***199 is the retailer's own: it does not count as evidence on 1 records",
    ]
    rows_of = home.query(
        "select identifier_type, people_count, is_blocked, count(*) from identity.identifiers group by all order by all"
    )
    assert rows_of == [
        ("email", 1, False, 1),
        ("email", 1, True, 1),
        ("phone", 1, True, 1),
        ("phone", 7, True, 7),
    ]


@pytest.mark.parametrize(
    ("phone", "is_refused"),
    [
        *((f"+1415{digit * 7}", True) for digit in "023456789"),
        ("+8613800138000", True), ("+13800138000", True), ("0:13800138000", True), ("+15713800138", False),
        ("+14153333334", False), ("+14151234567", True), ("+14159876543", True), ("+14152345679", False), ("+15552011234", True),
        ("+14155550123", False),
    ],
)  # fmt: skip
def test_a_number_that_nobody_was_given_is_refused(home: IdentityHome, phone: str, is_refused: bool) -> None:
    _, found = refused(home, [person("1", full_name="Anna Berg", phone=phone)])
    kept = home.query("select 1 from identity.records where phone is not null")
    assert [row[0] for row in found] == (["placeholder_phone"] if is_refused and kept else [])


@pytest.mark.parametrize(
    ("number", "is_refused"),
    [
        ("123456789", True),
        ("AB1234567", False),
        ("777", True),
        ("1", True),
        ("5555555", True),
        ("5555556", False),
        ("NONE", True),
    ],
)
def test_a_document_number_that_is_none_is_refused(home: IdentityHome, number: str, is_refused: bool) -> None:
    _, found = refused(home, [person("1", full_name="Anna Berg", national_id=number)])
    assert [row[0] for row in found] == (["placeholder_national_id"] if is_refused else [])


@pytest.mark.parametrize(
    ("email", "is_refused"),
    [("test12@family.net", True), ("anna@mailinator.com", True), ("testa@family.net", False)],
)
def test_an_address_that_is_nobodys_is_refused(home: IdentityHome, email: str, is_refused: bool) -> None:
    _, found = refused(home, [person("1", full_name="Anna Berg", email=email)])
    assert [row[0] for row in found] == (["placeholder_email"] if is_refused else [])


def test_a_night_keeps_the_refusals_that_nobody_came_to(home: IdentityHome) -> None:
    """Refused values are looked at again where a record that bears one came or went; names and birth dates always."""
    rows = [
        person("p1", full_name="Otto Penn", phone="13800000000", channel="mini"),
        person("e1", full_name="Ida Jung", email="test@test.com"),
        person("n1", full_name="Guest", birth_date="1900-01-01"),
    ]
    before = refused(home, rows)[1]
    assert len(before) == 4
    assert refused(home, [*rows, person("x1", full_name="Mia Nord", phone="+1 415 555 0142")])[1] == before
    again = refused(home, [*rows, person("x2", full_name="Gus Hale", email="test@test.com")])[1]
    assert again == [
        ("placeholder_email", "email", 2, 2) if rule == "placeholder_email" else (rule, *rest)
        for rule, *rest in before
    ]
    assert refused(home, rows[1:])[1] == [row for row in before if row[1] != "phone"]


@pytest.mark.parametrize(
    ("kind", "most"), [("loyalty_id", 3), ("platform_id", 3), ("email", 5), ("national_id", 8)]
)
def test_a_value_may_stand_for_as_many_people_as_its_limit(home: IdentityHome, kind: str, most: int) -> None:
    value = {
        "loyalty_id": "K-77",
        "platform_id": "u-77",
        "email": "two@family.net",
        "national_id": "AB1234567",
    }[kind]
    assert refused(home, crowd(most, **{kind: value}))[1] == []
    assert refused(home, crowd(most + 1, **{kind: value}))[1] == [
        (f"too_many_people_{kind}", kind, most + 1, most + 1)
    ]


def test_records_without_names_are_told_apart_by_what_else_they_hold(home: IdentityHome) -> None:
    """A hundred addresses on one phone are too many; a thousand records of one address are one person's."""
    same = [person(f"s{i}", phone="+14155550123", email="one@family.net") for i in range(150)]
    assert refused(home, same)[1] == []
    other = [person(f"c{i}", phone="+14155550123", email=f"p{i}@family.net") for i in range(101)]
    assert refused(home, other)[1] == [("too_many_records_phone", "phone", 0, 101)]
    assert messages(home) == [
        "phone ***123 is carried by 101 records without a name to tell them apart: it does not count as evidence"
    ]
    assert refused(home, other[:100])[1] == []
    emails = [person(f"e{i}", email="one@family.net", phone=f"+1415555{i:04}") for i in range(101)]
    assert refused(home, emails)[1] == [("too_many_records_email", "email", 0, 101)]


def test_a_street_counts_with_its_town(home: IdentityHome) -> None:
    """Thirty-five people in one house are a home's address; in as many towns they are as many houses."""
    names = [
        f"{first} {last}"
        for first in ("Anna", "Carl", "Eva", "Gus", "Ida", "Mia", "Otto")
        for last in ("Berg", "Dunn", "Ford", "Hale", "Jung")
    ]
    here = [
        person(f"h{i}", full_name=name, street="1 Main Street", postcode="94110")
        for i, name in enumerate(names)
    ]
    ((rule, kind, people, records),) = refused(home, here)[1]
    assert (rule, kind, records) == ("too_many_people_street", "street", 35)
    assert 25 < people <= 35
    there = [{**row, "postcode": f"94{number:03}"} for number, row in enumerate(here)]
    assert refused(home, there)[1] == []
    nowhere = [{**row, "postcode": None} for row in here]
    assert refused(home, nowhere)[1] == []
    assert home.query("select count(*) from identity.identifiers") == [(0,)]
