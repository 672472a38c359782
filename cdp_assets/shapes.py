"""The shared shapes of staging, read from shapes.yaml: the one definition for dbt, identity, drafting and landing.

dbt cannot read this file, so `python -m cdp_assets.shapes` (`make shapes`) renders it for dbt: the columns as macros, the descriptions as doc blocks. What is
rendered is committed, and a test keeps it in step. The YAML of staging models names no columns: `cdp_assets.dbt_columns` gives them their shape's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cdp_assets import safe_yaml
from cdp_assets.settings import PROJECT_DIR

SHAPES_PATH = Path(__file__).parent / "shapes.yaml"
MACRO = "macros/shape_columns.sql"
OUTSIDE_MACRO = "macros/outside_columns.sql"
PERSON_MACRO = "macros/person_columns.sql"
DOC_BLOCKS = "models/staging/_shared_shapes.md"


@dataclass(frozen=True)
class ShapeColumn:
    """A column of a shared shape: its SQL type, its band in a staging model, its class, and what it says."""

    name: str
    type: str
    band: str
    classification: str
    description: str
    outside: bool = False  # text that outsiders write: scrubbed of identifiers where it is staged


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


def shape_of(model: str) -> Shape | None:
    """The shape of a staging model by its name, `stg_<channel>__<shape>`; None for every other model."""
    return shapes().get(model.rpartition("__")[2]) if model.startswith("stg_") else None


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


def render_outside_macro() -> str:
    """The dbt macro that names a shape's columns of text that outsiders write."""
    return _names_macro(
        "outside_columns",
        "A shape's columns of text that outsiders write, which in_shape() scrubs.",
        lambda column: column.outside,
    )


def render_person_macro() -> str:
    """The dbt macro that names a shape's columns of text that people see as somebody's name or address."""
    return _names_macro(
        "person_columns",
        "A shape's columns with a person's name, contact or address, which in_shape() rids of characters that nobody sees.",
        lambda column: column.band in ("person", "address") and column.type == "varchar",
    )


def _names_macro(name: str, about: str, is_named: Callable[[ShapeColumn], bool]) -> str:
    lines = [
        f"{{#- {about} Rendered from cdp_assets/shapes.yaml by `make shapes`; change them there. -#}}",
        f"{{% macro {name}(shape) -%}}",
        "    {%- set named = {",
    ]
    for shape in shapes().values():
        names = ", ".join(f"'{column.name}'" for column in shape.columns if is_named(column))
        lines.append(f"        '{shape.name}': [{names}],")
    return "\n".join([*lines, "    } -%}", "    {{ return(named[shape]) }}", "{%- endmacro %}", ""])


def render_doc_blocks() -> str:
    """dbt's doc blocks with the descriptions of the shapes' columns; a column of one name says the same in every shape."""
    said = {column.name: column.description for shape in shapes().values() for column in shape.columns}
    blocks = [f"{{% docs {name} %}}\n{text}\n{{% enddocs %}}\n" for name, text in sorted(said.items())]
    head = "Columns of the shared shapes. Rendered from cdp_assets/shapes.yaml by `make shapes`; change them there.\n"
    return "\n".join([head, *blocks])


def rendered(dbt_project_dir: Path) -> dict[Path, str]:
    """Every file of the dbt project that says something of the shapes → its text as the shapes have it now."""
    return {
        dbt_project_dir / MACRO: render_macro(),
        dbt_project_dir / OUTSIDE_MACRO: render_outside_macro(),
        dbt_project_dir / PERSON_MACRO: render_person_macro(),
        dbt_project_dir / DOC_BLOCKS: render_doc_blocks(),
    }


if __name__ == "__main__":
    for path, text in rendered(PROJECT_DIR / "dbt_project").items():
        path.write_text(text, encoding="utf-8")
