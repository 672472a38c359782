"""The shared shapes: one definition, and dbt's rendering of it in step."""

from __future__ import annotations

import re

import yaml

from cdp_assets.drafting.render import BANDS
from cdp_assets.identity.context import CUSTOMER_COLUMNS
from cdp_assets.settings import PROJECT_DIR
from cdp_assets.shapes import rendered, shape_of, shapes

DBT = PROJECT_DIR / "dbt_project"
CLASSES = {"public", "internal", "sensitive", "core"}


def test_what_dbt_reads_of_the_shapes_says_what_they_say() -> None:
    behind = [path.name for path, text in rendered(DBT).items() if path.read_text(encoding="utf-8") != text]
    assert behind == [], "cdp_assets/shapes.yaml was changed: `make shapes` renders these files"


def test_the_yaml_of_a_staging_model_leaves_its_columns_to_the_shape() -> None:
    models = [
        model
        for path in DBT.glob("models/staging/*/_*__models.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    ]
    assert models
    assert [model["name"] for model in models if shape_of(model["name"]) is None or "columns" in model] == []


def test_every_column_has_a_class_a_band_and_a_description() -> None:
    for shape in shapes().values():
        assert "{channel}" in shape.title and shape.grain.startswith("one row per ")
        for column in shape.columns:
            assert column.classification in CLASSES and column.band in BANDS
            assert re.fullmatch(r"[A-Z].*\.", column.description), f"{shape.name}.{column.name}"


def test_a_column_of_one_name_says_the_same_in_all_shapes() -> None:
    said: dict[str, set[tuple[str, str, str]]] = {}
    for shape in shapes().values():
        for column in shape.columns:
            said.setdefault(column.name, set()).add((column.type, column.classification, column.description))
    assert {name for name, facts in said.items() if len(facts) > 1} == set()


def test_identity_reads_the_customers_shape() -> None:
    assert shapes()["customers"].types == CUSTOMER_COLUMNS
