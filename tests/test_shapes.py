"""The shared shapes: one definition, and dbt's rendering of it in step."""

from __future__ import annotations

import re

import pytest
import yaml

from cdp_assets.drafting.render import BANDS
from cdp_assets.identity.context import CUSTOMER_COLUMNS
from cdp_assets.settings import PROJECT_DIR
from cdp_assets.shapes import columns_yaml, in_step, rendered, shapes

DBT = PROJECT_DIR / "dbt_project"
CLASSES = {"public", "internal", "sensitive", "core"}


def test_what_dbt_reads_of_the_shapes_says_what_they_say() -> None:
    behind = [path.name for path, text in rendered(DBT).items() if path.read_text(encoding="utf-8") != text]
    assert behind == [], "cdp_assets/shapes.yaml was changed: `make shapes` renders these files"


def test_the_yaml_of_staging_models_says_what_columns_their_shape_has() -> None:
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["shape_columns"]
    assert {shape: [column["name"] for column in columns] for shape, columns in project.items()} == {
        shape.name: list(shape.types) for shape in shapes().values()
    }
    models = [
        (name["name"].rpartition("__")[2], name["columns"])
        for path in DBT.glob("models/staging/*/_*__models.yml")
        for name in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    ]
    assert models
    assert {
        (shape, columns) for shape, columns in models if f'"{columns}"' != columns_yaml(shapes()[shape])
    } == set()


def test_a_project_that_lost_the_place_of_what_is_rendered_is_refused() -> None:
    with pytest.raises(ValueError, match="end of what is rendered"):
        in_step("vars:\n  channels: {}\n")


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
