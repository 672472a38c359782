"""Normalisers and hashes: every published vector, and what must never be hashed."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.activation.destination import Identifier, load_destinations
from cdp_assets.activation.normalise import NORMALISERS, key_expression
from cdp_assets.activation.reach import _with_country
from cdp_assets.settings import Settings

VECTORS = Path(__file__).parents[3] / "shared" / "reference" / "hash_vectors.csv"
HASH_NAMES = {
    "sha256-hex": "sha256_hex",
    "sha256-base64": "sha256_base64",
    "sha1-hex": "sha1_hex",
    "md5": "md5_hex",
}


def _vectors() -> list[dict[str, str]]:
    if not VECTORS.exists():
        return []
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def key_of(normaliser: str, hash_name: str, value: str | None) -> str | None:
    """One value's platform key, as the room computes it."""
    row = duckdb.execute(
        f"select {key_expression(normaliser, hash_name, '$value')}", {"value": value}
    ).fetchall()[0]
    assert row is not None
    return None if row[0] is None else str(row[0])


@pytest.mark.skipif(
    not VECTORS.exists(), reason="the reference vectors lie outside the repo: ../shared/reference"
)
def test_every_published_vector_is_met_by_the_forms_that_the_destinations_state() -> None:
    shipped = load_destinations(Settings()).known
    wrong, met, proven = [], 0, set()
    for vector in _vectors():
        hash_name = HASH_NAMES[vector["algorithm"].split(" ")[0]]
        forms = [
            (name, form)
            for name, destination in shipped.items()
            if destination.vectors == vector["platform"]
            for form in (*destination.identifiers, *destination.forms)
            if form.vector is not None and vector["kind"].startswith(form.vector)
        ]
        assert forms, vector["kind"]
        for name, form in forms:
            found = (
                key_of(form.normaliser, "none", vector["input"]),
                key_of(form.normaliser, hash_name, vector["input"]),
            )
            if found != (vector["normalised"], vector["hash"]):
                wrong.append((name, vector["kind"], found[0] == vector["normalised"]))
            proven |= {(name, form.field)} if form.hash == hash_name else set()
        met += 1
    assert (wrong, met) == ([], 43)
    stated = {
        (name, form.field)
        for name, destination in shipped.items()
        for form in (*destination.identifiers, *destination.forms)
        if form.vector is not None
    }
    assert stated - proven == set()  # no form says that vectors prove it, and none does


@pytest.mark.parametrize(
    ("normaliser", "value"),
    [
        ("phone_e164", "+0000000000"),
        ("phone_digits", "n/a"),
        ("phone_cn_11", "+1 234 567 8901"),
        ("phone_us_10", "+8613800138000"),
        ("phone_us_10", "+65 9123 4567"),  # ten digits with their country's code
        ("phone_us_10", "0049 30 123456"),
        ("phone_cn_11", "+1 312 555 0100"),  # eleven digits that would be a mobile number of the mainland
        ("phone_cn_11", "001 312 555 0100"),
        ("email", "nobody"),
        ("email", " @ "),
        ("plain", "   "),
        ("gender_letter", "unknown"),
    ],
)
def test_an_identifier_that_normalises_to_nothing_has_no_key(normaliser: str, value: str) -> None:
    assert key_of(normaliser, "sha256_hex", value) is None


@pytest.mark.parametrize("normaliser", sorted(NORMALISERS))
@pytest.mark.parametrize("size", [32, 40, 64])
def test_a_hash_is_never_hashed(normaliser: str, size: int) -> None:
    assert key_of(normaliser, "sha256_hex", "a1" * (size // 2)) is None
    assert key_of(normaliser, "sha256_hex", "A1" * (size // 2)) is None


@pytest.mark.parametrize("value", ["a1" * 16, "a1" * 32])
def test_an_id_that_goes_in_clear_may_look_like_a_hash(value: str) -> None:
    """An OAID is hexadecimal; a number or an address is never read out of a hash."""
    assert key_of("plain", "none", value) == value
    assert key_of("phone_e164", "none", value) is key_of("email_as_given", "none", value) is None


def test_nothing_has_no_key() -> None:
    assert all(key_of(name, "sha256_hex", None) is None for name in NORMALISERS)


@given(st.text(max_size=30), st.sampled_from(sorted(set(NORMALISERS) - {"email_as_given"})))
def test_what_is_normal_stays_so(value: str, normaliser: str) -> None:
    once = key_of(normaliser, "none", value)
    assert once is None or key_of(normaliser, "none", once) in (once, None)


@pytest.mark.parametrize(
    ("contact", "region", "value", "expected"),
    [
        ("phone", "DE", "030 1234-5", "+493012345"),
        ("phone", "DE", "+1 202 555 0101", "+1 202 555 0101"),
        ("phone", "DE", "0044 20 7946 0000", "0044 20 7946 0000"),
        ("phone", None, "030 12345", "030 12345"),
        ("email", "DE", "a@b.de", "a@b.de"),
    ],
)
def test_the_default_country_is_of_phones_that_bear_none(
    contact: str, region: str | None, value: str, expected: str
) -> None:
    identifier = Identifier.model_validate(
        {"field": "x", "contact": contact, "normaliser": "plain", "hash": "none", "default_region": region}
    )
    with duckdb.connect() as con:
        found = con.execute(
            f"select {_with_country('given', identifier)} from (select ? as given)", [value]
        ).fetchall()
    assert found == [(expected,)]
