"""What two records have in common is judged by its meaning: households, documents, parts of dates."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest

from cdp_assets.identity.scoring.comparisons import BIRTH_DATE, HOUSEHOLD, NAME, PHONE, Comparison

TEXTS = (
    "given_key", "family_key", "given_canon", "given_letters", "given_han", "birth_key", "phone", "email", "national_id", "street_key", "street_number",
    "postcode_key", "city_key", "name_exact", "name_sound", "family_han", "name_words", "name_padded", "name_pattern", "phone_tail", "phone_head",
)  # fmt: skip
HARRY: dict[str, str | None] = {"given_key": "harry", "family_key": "reid", "birth_key": "19280714", "street_key": "5roperplace", "national_id": "3527397"}  # fmt: skip


def level(
    comparison: Comparison,
    left: Mapping[str, str | None],
    right: Mapping[str, str | None],
    *,
    are_known: bool = True,
) -> str:
    """Name of the level that the evidence of two records reaches, or `not known`. are_known: their names are known names."""
    values = []
    for side, record in (("l", left), ("r", right)):
        given = record.get("given_key")
        whole = " ".join(part for part in (given, record.get("family_key")) if part) or None
        words = record.get("name_words", whole)
        filled = {
            "given_canon": given, "given_letters": given and "".join(sorted(given)), "name_exact": whole, "name_sound": whole,
            "name_words": words, "name_padded": words and f" {words.replace(' ', '  ')} ",
            "name_pattern": words and f"% {words.replace(' ', ' % ')} %", **record,
        }  # fmt: skip
        values += [f"{_literal(filled.get(column))} as {column}_{side}" for column in TEXTS]
        values += [
            f"false as is_{name}_{side}"
            for name in ("pinyin", "street_shared", "phone_shared", "user_of_name")
        ]
        values += [f"{are_known} as is_{name}_known_{side}" for name in ("given", "family")]
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


@pytest.mark.parametrize(
    ("are_known", "expected"), [(True, "given_same_family_differs"), (False, "given_and_near_family")]
)
def test_two_family_names_that_are_both_known_are_two_names(are_known: bool, expected: str) -> None:
    huber, weber = ({"given_key": "rosa", "family_key": family} for family in ("huber", "weber"))
    assert level(NAME, huber, weber, are_known=are_known) == expected


def test_the_only_name_may_be_the_family_name() -> None:
    assert level(NAME, {"given_key": "huber"}, {"given_key": "rosa", "family_key": "huber"}) == "lone_family"
    assert level(NAME, {"given_key": "rosa"}, {"given_key": "rosa", "family_key": "huber"}) == "given_only"


MARIA = {"given_key": "anamarialopez", "family_key": "garcia", "name_words": "ana garcia lopez maria"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"given_key": "marta", "family_key": "lopez", "name_words": "lopez marta"}, "else"),
        ({"given_key": "maria", "family_key": "lopez", "name_words": "lopez maria"}, "names_within"),
        ({"given_key": "lopez", "name_words": "lopez"}, "lone_name_within"),
        ({"given_key": "lop", "name_words": "lop"}, "else"),
        ({"given_key": "garcia", "name_words": "garcia"}, "lone_family"),
    ],
)
def test_a_name_of_which_every_word_is_among_the_others_is_no_other_name(
    name: dict[str, str], expected: str
) -> None:
    home = {"phone": "+16175551000", "street_key": "9hillroad"}
    for left, right in ((MARIA, name), (name, MARIA)):
        assert level(NAME, left, right) == expected
        taken_back = level(HOUSEHOLD, {**left, **home}, {**right, **home})
        assert taken_back == ("other_person_2" if expected == "else" else "else")


@pytest.mark.parametrize(
    ("other", "expected"),
    [("+16175551007", "next_number"), ("+16175551406", "one_error"), ("+16175551006", "exact"), ("+16175551017", "else")],
)  # fmt: skip
def test_the_number_next_in_the_row_is_no_slip(other: str, expected: str) -> None:
    one, another = ({"phone": phone, "phone_tail": phone[-4:]} for phone in ("+16175551006", other))
    assert level(PHONE, one, another) == expected


@pytest.mark.parametrize(
    ("birth_date", "phone", "expected"),
    [("19610302", "+16175551006", "lent_document_home"), ("19280741", "+16175551006", "else"), ("19610302", None, "else")],
)  # fmt: skip
def test_a_document_of_two_names_and_birth_dates_at_one_phone_is_lent_in_the_family(
    birth_date: str, phone: str | None, expected: str
) -> None:
    one = {**HARRY, "phone": "+16175551006"}
    assert (
        level(HOUSEHOLD, one, {**one, "given_key": "william", "birth_key": birth_date, "phone": phone})
        == expected
    )


@pytest.mark.parametrize(
    ("birth_date", "expected"), [("19610302", "other_person_1"), ("19280714", "else"), (None, "else")]
)
def test_who_gives_the_family_name_alone_and_another_birth_date_is_another_of_the_house(
    birth_date: str | None, expected: str
) -> None:
    lone = {"given_key": "reid", "birth_key": birth_date, "street_key": "5roperplace"}
    assert level(HOUSEHOLD, HARRY, lone) == level(HOUSEHOLD, lone, HARRY) == expected
