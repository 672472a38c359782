"""The shared shapes: one definition, and dbt's rendering of it in step."""

from __future__ import annotations

import re

from cdp_assets.drafting.rendering import BANDS
from cdp_assets.identity.context import CUSTOMER_COLUMNS
from cdp_assets.settings import PROJECT_DIR
from cdp_assets.shapes import MACRO, render_macro, shapes

CLASSES = {"public", "internal", "sensitive", "core"}


def test_dbts_macro_says_what_the_shapes_say() -> None:
    text = (PROJECT_DIR / "dbt_project" / MACRO).read_text(encoding="utf-8")
    assert text == render_macro(), "cdp_assets/shapes.yaml was changed: `make shapes` renders the macro"


def test_every_column_has_a_class_a_band_and_a_description() -> None:
    for shape in shapes().values():
        assert "{channel}" in shape.title and shape.grain.startswith("one row per ")
        for column in shape.columns:
            assert column.classification in CLASSES and column.band in BANDS
            assert re.fullmatch(r"[A-Z].*\.", column.description), f"{shape.name}.{column.name}"


def test_a_column_of_one_name_has_one_type_and_one_class_in_all_shapes() -> None:
    said: dict[str, set[tuple[str, str]]] = {}
    for shape in shapes().values():
        for column in shape.columns:
            said.setdefault(column.name, set()).add((column.type, column.classification))
    assert {name for name, facts in said.items() if len(facts) > 1} == set()


def test_identity_reads_the_customers_shape() -> None:
    assert shapes()["customers"].types == CUSTOMER_COLUMNS
