"""What the engine macros mean. tests/spark says that both engines mean it."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from engine_macros import rendered


def answer(expression: str, rows: str = "(values (1)) as given (a)", **variables: str) -> object:
    with duckdb.connect() as con:
        return con.execute(rendered(f"select {expression} from {rows}", **variables)).fetchall()[0][0]


@pytest.mark.parametrize(
    ("amount", "divisor", "places", "expected"),
    [
        ("155.67", "2", 2, "77.84"),  # in binary a hair below 77.835
        ("-155.67", "2", 2, "-77.84"),
        ("155.67", "-2", 2, "-77.84"),
        ("10.00", "3", 2, "3.33"),
        ("20.00", "3", 2, "6.67"),
        ("0.00", "3", 2, "0.00"),
        ("1.00", "8", 6, "0.125000"),
        ("9999999999.99", "1", 2, "9999999999.99"),
    ],
)
def test_money_divides_as_decimals_do(amount: str, divisor: str, places: int, expected: str) -> None:
    given = f"(select cast({amount} as decimal(18, 2)) as amount, cast({divisor} as integer) as n)"
    assert answer(f"{{{{ divided_money('amount', 'n', {places}) }}}}", given) == Decimal(expected)


def test_money_divided_by_nothing_is_unknown() -> None:
    given = "(select cast(1 as decimal(18, 2)) as amount, 0 as zero, cast(null as integer) as unknown)"
    assert answer("{{ divided_money('amount', 'zero') }}", given) is None
    assert answer("{{ divided_money('amount', 'unknown') }}", given) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("(1, 'old'), (2, 'new')", "new"),
        ("(2, null), (2, 'known')", "known"),
        ("(2, 'known'), (2, null)", "known"),
        ("(null, 'undated'), (1, 'dated')", "dated"),
        ("(1, 'b'), (1, 'a')", "b"),
        ("(1, 'old'), (2, null)", None),
    ],
)
def test_the_latest_value_is_no_null_while_another_ties(rows: str, expected: str | None) -> None:
    given = f"(values {rows}) as given (seen_at, brand)"
    assert answer("({{ latest('seen_at', {'brand': 'brand'}) }}).brand", given) == expected


@pytest.mark.parametrize(
    "rows",
    [
        "(1, null, 'x'), (1, 5, 'first')",
        "(1, 5, 'first'), (1, null, 'x')",
        "(null, 1, 'x'), (1, 9, 'first')",
        "(2, 1, 'x'), (1, 9, 'first')",
    ],
)
def test_a_row_without_an_order_is_not_the_first(rows: str) -> None:
    given = f"(values {rows}) as given (trust, age, name)"
    assert answer("{{ first_by(['trust', 'age'], {'name': 'name'}) }}.name", given) == "first"


@pytest.mark.parametrize(
    ("rows", "first", "last"),
    [
        ("(1, 'old'), (2, 'new')", "old", "new"),
        ("(1, 'b'), (1, 'a'), (1, 'c')", "a", "c"),
        ("(1, null), (2, 'known'), (3, null)", "known", "known"),
        ("(null, 'undated'), (1, 'dated')", "dated", "dated"),
        ("(1, null)", None, None),
    ],
)
def test_what_was_told_at_one_time_is_told_alike(rows: str, first: str | None, last: str | None) -> None:
    given = f"(values {rows}) as given (seen_at, brand)"
    assert answer("{{ told_first('brand', ['seen_at']) }}", given) == first
    assert answer("{{ told_last('brand', 'seen_at') }}", given) == last
