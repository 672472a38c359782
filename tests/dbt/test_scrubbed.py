"""What outsiders write is scrubbed of identifiers by one macro, and ids and names stay what they are."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import pytest

from cdp_assets.shapes import OUTSIDE_MACRO, render_outside_macro, shapes

MACRO = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine" / "scrubbed.sql"


def scrubbed(text: str | None) -> str | None:
    sql = jinja2.Environment().from_string(MACRO.read_text() + "{{ scrubbed('given') }}").render()
    with duckdb.connect() as con:
        (found,) = con.execute(f"select {sql} from (select $1::varchar as given)", [text]).fetchone() or (
            None,
        )
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spring_ann@example.com", "[e-mail]"),
        ("?to=ann%40example.co.uk&x=1", "?to=[e-mail]&x=1"),
        ("call 13912345678 now", "call [phone] now"),
        ("x_13912345678_y", "x_[phone]_y"),
        ("+8613812345678", "[phone]"),
        ("+44 (0)20 7946 0958", "[phone]"),
        ("325-555-2671", "[phone]"),
    ],
)
def test_an_identifier_leaves_a_mark_of_its_kind(text: str, expected: str) -> None:
    assert scrubbed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "spring",
        "17203948561",
        "20171231_sale",
        "Tea 8801234567890",
        "SAVE20-123",
        "50 % @ home",
        "2017-12-31 10:00",
    ],
)
def test_names_codes_and_ids_of_campaigns_stay(text: str | None) -> None:
    assert scrubbed(text) == text


def test_touches_and_spend_are_scrubbed_in_the_same_columns_and_keys_never() -> None:
    outside = {shape.name: {c.name for c in shape.columns if c.outside} for shape in shapes().values()}
    assert outside["touchpoints"] == outside["spend"] == {"source", "medium", "campaign"}
    assert not {name for names in outside.values() for name in names if name.endswith("_id") or name == "sku"}


def test_the_macro_that_names_the_columns_is_in_step_with_the_shapes() -> None:
    rendered = Path(__file__).parents[2] / "dbt_project" / OUTSIDE_MACRO
    assert rendered.read_text(encoding="utf-8") == render_outside_macro()
