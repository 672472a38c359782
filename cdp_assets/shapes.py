"""The shared shapes of staging, read from shapes.yaml: the one definition for dbt, identity, drafting and landing.

dbt cannot read a YAML file, so `python -m cdp_assets.shapes` (`make shapes`) renders the columns as a macro, which is committed; a test keeps it in step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cdp_assets import safe_yaml
from cdp_assets.settings import PROJECT_DIR

SHAPES_PATH = Path(__file__).parent / "shapes.yaml"
MACRO = "macros/shape_columns.sql"


@dataclass(frozen=True)
class ShapeColumn:
    """A column of a shared shape: its SQL type, its band in a staging model, its class, and what it says."""

    name: str
    type: str
    band: str
    classification: str
    description: str


@dataclass(frozen=True)
class Shape:
    """A shared shape. `title` has a place for the channel's name in prose; `grain` says what a row is."""

    name: str
    title: str
    grain: str
    columns: tuple[ShapeColumn, ...]

    @property
    def types(self) -> dict[str, str]:
        """Column → SQL type, in the shape's order."""
        return {column.name: column.type for column in self.columns}

    def description(self, channel: str) -> str:
        """What the channel's staging model of this shape is. `channel` is how prose names the channel."""
        return f"{self.title.format(channel=channel)}, in the shared shape. {self.grain.capitalize()}."


@cache
def shapes() -> dict[str, Shape]:
    """Every shared shape by its name, in the file's order."""
    return {
        name: Shape(
            name,
            facts["title"],
            facts["grain"],
            tuple(ShapeColumn(column, **about) for column, about in facts["columns"].items()),
        )
        for name, facts in safe_yaml.read(SHAPES_PATH).items()
    }


def render_macro() -> str:
    """The dbt macro that yields a shape's columns as (name, type) pairs, in order."""
    lines = [
        "{#- The shared shapes' columns and types, in order. Rendered from cdp_assets/shapes.yaml by `make shapes`; change them there. -#}",
        "{% macro shape_columns(shape) -%}",
        "    {%- set shapes = {",
    ]
    for shape in shapes().values():
        lines += [
            f"        '{shape.name}': [",
            *(f"            ('{name}', '{sql_type}')," for name, sql_type in shape.types.items()),
            "        ],",
        ]
    return "\n".join([*lines, "    } -%}", "    {{ return(shapes[shape]) }}", "{%- endmacro %}", ""])


if __name__ == "__main__":
    (PROJECT_DIR / "dbt_project" / MACRO).write_text(render_macro(), encoding="utf-8")
