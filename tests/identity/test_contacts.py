"""Phones and e-mails of one person are written one way; what cannot be one is nothing."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity.evidence.contacts import build_email_forms, build_phone_forms, clean_email, e164


def phones(*values: tuple[str, str]) -> list[tuple[str | None, str | None, str | None]]:
    con = duckdb.connect()
    con.execute("create temp table phone_parts (phone varchar, region varchar)")
    con.executemany("insert into phone_parts values (?, ?)", list(values))
    build_phone_forms(con)
    found = {
        (phone, region): (number, head, tail)
        for phone, region, number, head, tail in con.execute(
            "select phone, region, phone_e164, phone_head, phone_tail from phone_forms"
        ).fetchall()
    }
    return [found[value] for value in values]


def emails(*values: str) -> dict[str, str | None]:
    con = duckdb.connect()
    con.execute("create temp table email_parts (email_raw varchar)")
    con.executemany("insert into email_parts values (?)", [[value] for value in values])
    build_email_forms(con)
    return dict(con.execute("select email_raw, email from email_forms").fetchall())


def test_one_phone_in_many_spellings_is_one_number() -> None:
    spellings = [
        "13812345679",
        "+86 138 1234 5679",
        "0086-13812345679",
        "86 13812345679",
        "１３８１２３４５６７９",
        "138-1234-5679",
    ]
    assert {phones((spelling, "CN"))[0][0] for spelling in spellings} == {"+8613812345679"}


def test_the_region_decides_how_a_bare_number_is_read() -> None:
    assert phones(("(415) 555-2671", "US"))[0][0] == "+14155552671"
    assert phones(("020 7946 0958", "GB"))[0][0] == "+442079460958"


def test_a_masked_phone_keeps_what_is_seen_and_is_no_number() -> None:
    assert phones(("138****5679", "CN")) == [(None, "138", "5679")]


def test_a_number_without_region_keeps_its_digits() -> None:
    assert phones(("702-919-1300", "ZZ"))[0][0] == "0:7029191300"


def test_a_number_without_region_and_plus_may_carry_its_country_code() -> None:
    assert (
        phones(("44 20 7946 0958", "ZZ"))[0][0] == phones(("+44 20 7946 0958", "ZZ"))[0][0] == "+442079460958"
    )
    assert phones(("020 7946 0958", "ZZ"))[0][0] == "0:02079460958"


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("13012345678", "CN", "+8613012345678"),
        ("19912345678", "CN", "+8619912345678"),
        ("2012345678", "US", "+12012345678"),
        ("12012345678", "US", "+12012345678"),
        ("2012345678", "CA", "+12012345678"),
        ("+12012345678", "CN", "+12012345678"),
        ("138xxxx5679", "CN", None),
        ("138xx5679", "ZZ", "0:1385679"),
    ],
)
def test_common_forms_are_read_as_the_library_reads_them(
    text: str, region: str, expected: str | None
) -> None:
    assert phones((text, region))[0][0] == expected


def test_what_cannot_be_a_phone_is_none() -> None:
    assert phones(("12", "US"))[0][0] is None
    assert e164("call me", "US") is None


def test_gmail_dots_and_plus_tags_do_not_matter() -> None:
    found = emails("Jo.Smith+news@Gmail.com", "josmith@googlemail.com", "jo.smith@example.org")
    assert found["Jo.Smith+news@Gmail.com"] == found["josmith@googlemail.com"] == "josmith@gmail.com"
    assert found["jo.smith@example.org"] == "jo.smith@example.org"


def test_of_a_named_email_the_address_counts() -> None:
    assert clean_email("Jo Smith <jo.smith@mail.net>") == "jo.smith@mail.net"


def test_implausible_emails_are_none() -> None:
    assert emails("not an address", "a@b", "@x.com", "x@@y.com") == {}


@given(st.emails())
@settings(max_examples=60, deadline=None)
def test_cleaning_an_email_twice_changes_nothing(address: str) -> None:
    once = clean_email(address)
    assert once is None or clean_email(once) == once


@given(st.integers(10**9, 10**10 - 1))
@settings(max_examples=60, deadline=None)
def test_reading_a_phone_twice_changes_nothing(number: int) -> None:
    once = e164(str(number), "US")
    assert once is None or e164(once, "CN") == once
