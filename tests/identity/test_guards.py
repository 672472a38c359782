"""Evidence that must not count is refused, and each refusal can be read."""

from __future__ import annotations

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


def test_no_message_holds_a_whole_value(home: IdentityHome) -> None:
    guard(home, [*crowd(10, phone="+14155550123", email="shared@family.net")])
    text = " ".join(row[0] for row in home.query("select message from identity.guard_events"))
    assert "4155550123" not in text
    assert "shared@" not in text
    assert "Anna" not in text
