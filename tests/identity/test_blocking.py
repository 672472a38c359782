"""Blocking keys: records with a slip in every part still meet, and strangers do not."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.identity.scoring.comparisons import BLOCKING, FIXED_BY
from cdp_assets.identity.scoring.model import rules_digest

_COLUMNS = (
    "given_key", "given_canon", "family_key", "name_sound", "birth_key", "city_key", "postcode_key", "street_key", "street_number", "phone",
    "phone_tail", "email", "email_user", "national_id", "gender_key",
)  # fmt: skip


def _rules_shared(*records: dict[str, str]) -> set[str]:
    """Names of the rules under which two records of the given evidence have one key."""
    columns = ", ".join(f"${name}::varchar as {name}" for name in _COLUMNS)
    keys = ", ".join(BLOCKING.values())
    left, right = (
        duckdb.execute(f"select {keys} from (select {columns})", {name: r.get(name) for name in _COLUMNS}).fetchall()[0]
        for r in records
    )  # fmt: skip
    return {rule for rule, a, b in zip(BLOCKING, left, right, strict=True) if a is not None and a == b}


def _named(given: str | None, family: str | None, **rest: str) -> dict[str, str]:
    names = {"given_key": given, "given_canon": given, "family_key": family}
    return {name: value for name, value in names.items() if value} | rest


@pytest.mark.parametrize(
    ("rule", "left", "right"),
    [
        ("near_names_and_birth_year", _named("ivy", "lee", birth_key="19960531"), _named("ivyy", "leee", birth_key="19960630")),
        ("near_names_and_city", _named("harold", "andresw", city_key="york"), _named("haorld", "andrews", city_key="yorkk")),
        ("near_names_and_birth_day", _named("nancy", "wiliams", birth_key="19820114"), _named("willaims", "nacny", birth_key="19720114")),
        ("near_family_name_and_birth_month", _named(None, "stehesn", birth_key="20100622"), _named("lucas", "stevens", birth_key="20100602")),
        ("near_given_name_and_birth_month", _named("thedore", None, birth_key="19720725"), _named("theodore", "marshal", birth_key="19720705")),
        ("near_email_and_city", {"email_user": "jaes.cx", "city_key": "yorkk"}, {"email_user": "jae.cx", "city_key": "york"}),
        ("near_city_and_birth_month", {"city_key": "belfat", "birth_key": "20080223"}, {"city_key": "belfast", "birth_key": "20080225"}),
        ("near_email_and_birth_year", {"email_user": "jaes.cx", "birth_key": "19720718"}, {"email_user": "jaes.c", "birth_key": "19720720"}),
    ],
)  # fmt: skip
def test_slips_in_every_part_still_meet(rule: str, left: dict[str, str], right: dict[str, str]) -> None:
    assert _rules_shared(left, right) >= {rule}
    assert not any(shared.startswith("same_") for shared in _rules_shared(left, right))


@pytest.mark.parametrize(
    ("rule", "left", "right"),
    [
        ("same_birth_date_and_gender", {"birth_key": "19910405", "gender_key": "f"}, {"birth_key": "19910405", "gender_key": "f"}),
        ("same_family_name_and_postcode", _named("huber", None, postcode_key="10115"), _named("rosa", "huber", postcode_key="10115")),
        ("same_family_name_and_city", _named("huber", None, city_key="bonn"), _named("rosa", "huber", city_key="bonn")),
    ],
)  # fmt: skip
def test_records_without_names_meet_and_a_lone_name_is_tried_as_a_family_name(
    rule: str, left: dict[str, str], right: dict[str, str]
) -> None:
    assert _rules_shared(left, right) >= {rule}


def test_every_rule_fixes_what_its_key_is_made_of() -> None:
    assert FIXED_BY["same_birth_date_and_city"] == {"birth_date", "address"}
    assert all(FIXED_BY.values())


def test_strangers_do_not_meet() -> None:
    here = _named("ivy", "lee", birth_key="19960531", city_key="york", email_user="ivylee")
    there = _named("thomas", "gabriel", birth_key="19760915", city_key="london", email_user="tgabriel")
    assert _rules_shared(here, there) == set()


def test_other_blocking_rules_ask_for_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rules_digest()
    monkeypatch.setitem(BLOCKING, "another_rule", "city_key")
    assert rules_digest() != before
