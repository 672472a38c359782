"""Dates, addresses and postcodes in one spelling."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.identity.evidence import places


def value(expression: str) -> object:
    return duckdb.sql(f"select {expression}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("'1990-02-28'", "19900228"), ("date '1990-02-28'", "19900228"), ("'19900228'", "19900228"), ("'2/28/1990'", "19900228"),
        ("'19320931'", "19320931"), ("'unknown'", None), ("''", None), ("'1990-02-28T00:00:00Z'", "19900228"), ("'1990/2/3'", "19900203"),
        ("'10/12/70'", "19701012"), ("'3/4/05'", "20050304"), ("'28/2/1990'", "19900228"), ("'3.2.1990'", "19900203"),
        ("'19-Feb-91'", "19910219"), ("'Feb 3, 1980'", "19800203"), ("'3 february 1980'", "19800203"), ("'12-foo-1990'", None),
        ("'1950'", "19500000"), ("1950.0::double", "19500000"), ("'1950-07'", "19500700"),
    ],
)  # fmt: skip
def test_birth_dates_become_eight_digits_and_errors_stay(written: str, key: str | None) -> None:
    assert value(places.birth_key(written)) == key


def test_street_abbreviations_do_not_matter() -> None:
    assert value(places.address_words("'12 North Main Street, Apartment 4'")) == value(
        places.address_words("'12 N. MAIN ST apt 4'")
    )


def test_chinese_addresses_keep_their_characters() -> None:
    assert value(places.address_words("'北京路１２号'")) == "北京路12号"


@pytest.mark.parametrize(
    ("written", "key"), [("'89132-1234'", "89132"), ("'''9999'", "9999"), ("'sw1a 1aa'", "SW1A1AA")]
)
def test_postcodes(written: str, key: str) -> None:
    assert value(places.postcode_key(written)) == key


def test_genders_in_two_languages() -> None:
    assert [value(places.gender_key(word)) for word in ("'男'", "'Female'", "'?'")] == ["m", "f", None]


def test_letters_of_every_script_are_kept_and_german_streets_are_one() -> None:
    assert value(places.words_of("'улица Ленина, 71'")) == "улица ленина 71"
    assert value(places.words_of("'Smørrebrød æblegade'")) == "smorrebrod aeblegade"
    assert (
        value(places.address_words("'Hauptstraße 5'"))
        == value(places.address_words("'Hauptstr. 5'"))
        == "hauptstr 5"
    )
