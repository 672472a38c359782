"""What two records have in common is judged by its meaning: households, documents, parts of dates."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.identity.scoring.comparisons import BIRTH_DATE, HOUSEHOLD, Comparison

TEXTS = (
    "given_key", "family_key", "given_canon", "given_letters", "given_han", "birth_key", "phone", "email", "national_id", "street_key", "street_number",
)  # fmt: skip
HARRY: dict[str, str | None] = {"given_key": "harry", "family_key": "reid", "birth_key": "19280714", "street_key": "5roperplace", "national_id": "3527397"}  # fmt: skip


def level(comparison: Comparison, left: dict[str, str | None], right: dict[str, str | None]) -> str:
    """Name of the level that the evidence of two records reaches, or `not known`."""
    values = []
    for side, record in (("l", left), ("r", right)):
        given = record.get("given_key")
        filled = {"given_canon": given, "given_letters": given and "".join(sorted(given)), **record}
        values += [f"{_literal(filled.get(column))} as {column}_{side}" for column in TEXTS]
        values += [f"false as is_pinyin_{side}", f"true as is_given_known_{side}"]
    cases = " ".join(f"when {each.condition or 'true'} then '{each.name}'" for each in comparison.levels)
    found = duckdb.sql(
        f"select case when {comparison.null_condition} then 'not known' {cases} end from (select {', '.join(values)})"
    )
    return str(found.fetchall()[0][0])


def _literal(value: str | None) -> str:
    return "null::varchar" if value is None else f"'{value}'"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("3527397", "else"),
        ("3523797", "else"),
        ("9009837", "other_person_1_birth"),
        (None, "other_person_1_birth"),
    ],
)
def test_the_same_document_but_for_a_slip_is_no_household(document: str | None, expected: str) -> None:
    assert level(HOUSEHOLD, HARRY, HARRY | {"given_key": "william", "national_id": document}) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("19500000", "19500000", "placeholder_day"), ("19500000", "19500703", "placeholder_day"),
        ("19500700", "19500703", "placeholder_day"), ("19500101", "19500703", "placeholder_day"),
        ("19500000", "19510000", "two_errors"), ("19500000", "19790000", "else"), ("19500700", "19510700", "two_errors"),
        ("19500703", "19500703", "exact"), ("19500703", "19500307", "day_and_month_swapped"), ("19500703", "19500708", "one_error"),
    ],
)  # fmt: skip
def test_a_part_of_a_date_is_weak_evidence_and_no_error_of_another(
    left: str, right: str, expected: str
) -> None:
    for a, b in ((left, right), (right, left)):
        assert level(BIRTH_DATE, {"birth_key": a}, {"birth_key": b}) == expected


@pytest.mark.parametrize(
    ("left", "right", "is_near"),
    [
        (("小明", "xiaoming"), ("明", "ming"), True),
        (("小明", "xiaoming"), ("小明明", "xiaomingming"), True),
        (("小明", "xiaoming"), ("小红", "xiaohong"), False),
        (("伟", "wei"), ("强", "qiang"), False),
    ],
)
def test_a_chinese_character_lost_or_struck_twice_is_a_slip_and_another_one_is_another_name(
    left: tuple[str, str], right: tuple[str, str], is_near: bool
) -> None:
    records: list[dict[str, str | None]] = [
        {"given_han": han, "given_key": key, "family_key": "wang", "phone": "+8613812345678"}
        for han, key in (left, right)
    ]
    found = level(HOUSEHOLD, *records)
    assert found == ("else" if is_near else "other_person_1")
