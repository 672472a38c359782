"""What outsiders write is scrubbed of identifiers by one macro, and ids and names stay what they are."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import jinja2
import pytest
from engine_macros import rendered

from cdp_assets.shapes import OUTSIDE_MACRO, PERSON_MACRO, render_outside_macro, render_person_macro, shapes


def scrubbed(text: str | None, macro: str = "scrubbed") -> str | None:
    sql = rendered(f"{{{{ {macro}('given') }}}}")
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
        ("(325) 555-2671", "[phone]"),
        ("to=ann%2540example.com", "to=[e-mail]"),
        ("ann＠example．com", "[e-mail]"),
        ("to=ann%40example%2Ecom&x=1", "to=[e-mail]&x=1"),
        ("to=ann%40example.com%26x%3D1", "to=[e-mail]%26x%3D1"),
        ("ann%2540shop%252Eexample%252Eco", "[e-mail]"),
        ("ann&#x40;example.com", "[e-mail]"),
        ("ann\\u0040example.com", "[e-mail]"),
        ("ann@b%C3%BCcher.de", "[e-mail]"),
        ("https://shop.example/#/reset/ann%40example.com/x", "https://shop.example/#/reset/[e-mail]/x"),
        ("to éa@bücher.de now", "to [e-mail] now"),
        ("li@例子.公司", "[e-mail]"),
        ("li@xn--fsq.xn--55qx5d", "[e-mail]"),
        ("call 138-0013-8000", "call [phone]"),
        ("call+138+0013+8000", "call+[phone]"),
        ("１３８００１３８０００", "[phone]"),
        ("ring 0049 30 901820", "ring [phone]"),
        ("x 004930901820 y", "x [phone] y"),
        ("0171-2345678 rückruf", "[phone] rückruf"),
        ("07911 123456", "[phone]"),
        ("06 12 34 56 78", "[phone]"),
        ("%252B8613812345678", "[phone]"),
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
        "001_20171231",
        "0020_2017_12_31",
        "banner_300_250_2017",
        "Tea 00123456789012",
        "618大促@天猫",
        "cmp_0150_20171231",
    ],
)
def test_names_codes_and_ids_of_campaigns_stay(text: str | None) -> None:
    assert scrubbed(text) == text


def test_touches_and_spend_are_scrubbed_in_the_same_columns_and_keys_never() -> None:
    outside = {shape.name: {c.name for c in shape.columns if c.outside} for shape in shapes().values()}
    assert outside["touchpoints"] == outside["spend"] == {"source", "medium", "campaign"}
    assert not {name for names in outside.values() for name in names if name.endswith("_id") or name == "sku"}


def test_the_macro_that_names_the_columns_is_in_step_with_the_shapes() -> None:
    project = Path(__file__).parents[2] / "dbt_project"
    assert (project / OUTSIDE_MACRO).read_text(encoding="utf-8") == render_outside_macro()
    assert (project / PERSON_MACRO).read_text(encoding="utf-8") == render_person_macro()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An\u200bn\u00ad Lee", "Ann Lee"),
        ("\u202eeeL nnA\u202c", "eeL nnA"),
        ("\ufeff张\u200d三\u2060", "张三"),
        ("\u200c\u200dAnn", "Ann"),
        ("مهدی\u200cزاده", "مهدی\u200cزاده"),
        ("क्\u200dष", "क्\u200dष"),
        ("\u200b", None),
        ("Ann Lee", "Ann Lee"),
        (None, None),
    ],
)
def test_characters_that_nobody_sees_leave_names(text: str | None, expected: str | None) -> None:
    assert scrubbed(text, "visible") == expected


def test_names_contacts_and_addresses_lose_them_and_ids_keep_them() -> None:
    named = jinja2.Environment().from_string(render_person_macro().replace("return(", "("))
    found = str(named.module.person_columns("customers"))  # type: ignore[attr-defined]
    assert "full_name" in found and "street" in found
    assert "source_customer_id" not in found


def test_text_of_outsiders_is_scrubbed_wherever_a_shape_has_a_column_for_it() -> None:
    """No channel stages referrers, search terms or notes today; a column for them is scrubbed from its first day."""
    written = re.compile(
        r"referr|search|term$|note|comment|review|title|page|campaign|product_name|store_name|coupon"
    )
    kept = {
        f"{shape.name}.{column.name}"
        for shape in shapes().values()
        for column in shape.columns
        if written.search(column.name) and not column.outside and not column.name.endswith("_id")
    }
    assert kept == set()
