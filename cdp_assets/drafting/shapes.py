"""The shared shapes as dbt's own files define them, for drafting staging models: one definition, read, not repeated.

Columns come from macros/shape_columns.sql, descriptions from the staging models that exist already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdp_assets import safe_yaml

TITLES = {
    "customers": "Customer records of {channel}, in the shared shape. One row per customer record of the channel.",
    "links": "Links to another channel's records of {channel}, in the shared shape. One row per pair of records.",
    "orders": "Orders of {channel}, in the shared shape. One row per order.",
    "order_lines": "Order lines of {channel}, in the shared shape. One row per line of an order.",
    "refunds": "Refunds of {channel}, in the shared shape. One row per refund.",
    "touchpoints": "Touches of {channel}, in the shared shape. One row per touch.",
    "spend": "Advertising spend of {channel}, in the shared shape. One row per day and campaign.",
    "consents": "Consents of {channel}, in the shared shape. One row per contact and purpose.",
    "products": "Products of {channel}, in the shared shape. One row per product.",
    "stores": "Stores of {channel}, in the shared shape. One row per store.",
}


@dataclass(frozen=True)
class ShapeColumn:
    """A column of a shared shape: its DuckDB type, and what the project says of it."""

    name: str
    sql_type: str
    description: str
    classification: str


def load_shapes(dbt_project_dir: Path) -> dict[str, list[ShapeColumn]]:
    """Every shared shape with its columns in order."""
    text = (dbt_project_dir / "macros" / "shape_columns.sql").read_text(encoding="utf-8")
    described = _described(dbt_project_dir)
    shapes: dict[str, list[ShapeColumn]] = {}
    for shape, body in re.findall(r"'(\w+)':\s*\[(.*?)\]", text, re.DOTALL):
        pairs = re.findall(r"\('(\w+)',\s*'([^']+)'\)", body)
        shapes[shape] = [
            ShapeColumn(
                name,
                sql_type,
                *described.get((shape, name), (name.replace("_", " ").capitalize() + ".", "internal")),
            )
            for name, sql_type in pairs
        ]
    return shapes


def _described(dbt_project_dir: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Description and classification of each shape's column, from the first staging model that has it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for path in sorted(dbt_project_dir.glob("models/staging/*/_*__models.yml")):
        for model in safe_yaml.read(path).get("models", []):
            shape = model["name"].rpartition("__")[2]
            for column in model.get("columns", []):
                classification = column.get("config", {}).get("meta", {}).get("classification", "internal")
                found.setdefault((shape, column["name"]), (column.get("description", ""), classification))
    return found


def render_models(channel: str, title: str, shapes: dict[str, list[ShapeColumn]], wanted: list[str]) -> str:
    """The YAML beside a channel's staging models. `title` is how prose names the channel."""
    lines = ["version: 2", "models:"]
    for shape in wanted:
        lines += [
            f"  - name: stg_{channel}__{shape}",
            f'    description: "{TITLES[shape].format(channel=title)}"',
            "    columns:",
        ]
        for column in shapes[shape]:
            lines += [
                f"      - name: {column.name}",
                f"        description: {_quoted(column.description)}",
                f"        config: {{meta: {{classification: {column.classification}}}}}",
            ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render_select(
    channel: str, shape: list[ShapeColumn], expressions: dict[str, str], source: str, comment: str
) -> str:
    """A staging model: `source`, then `renamed` with every column of the shape; unmapped columns are typed nulls."""
    bands = {name: band for band, names in BANDS.items() for name in names}
    lines = [f"-- {comment}"] if comment else []
    lines += [
        "with",
        "",
        "source as (",
        *(f"    {line}" for line in source.splitlines()),
        "),",
        "",
        "renamed as (",
        "    select",
    ]
    ordered = sorted(shape, key=lambda column: list(BANDS).index(bands.get(column.name, "text")))
    cells: list[tuple[str, str]] = []
    for column in ordered:
        expression = expressions.get(column.name, f"cast(null as {column.sql_type})")
        if column.name == "channel":
            expression = f"'{channel}'"
        alias = "" if expression == column.name else f" as {column.name}"
        cells.append((bands.get(column.name, "text"), f"        {expression}{alias}"))
    last = ""
    for position, (band, cell) in enumerate(cells):
        if band != last:
            lines += ([""] if last else []) + [f"        ---------- {band}"]
            last = band
        lines.append(cell + ("," if position < len(cells) - 1 else ""))
    lines += ["    from source", ")", "", "select * from renamed", ""]
    return "\n".join(lines)


BANDS: dict[str, list[str]] = {
    "ids": [
        "channel", "order_id", "refund_id", "touchpoint_id", "source_customer_id", "record_kind", "contact_role", "device_id",
        "store_id", "line_number", "sku", "product_code", "national_id", "loyalty_id", "platform_id", "linked_channel",
        "linked_customer_id",
    ],
    "person": ["full_name", "given_name", "family_name", "phone", "email", "birth_date", "gender"],
    "address": ["street", "city", "region", "postcode", "country"],
    "times": [
        "ordered_at", "order_date", "fulfilled_at", "refunded_at", "refund_date", "touched_at", "touch_date", "spend_date",
        "linked_at", "recorded_at", "created_at", "updated_at",
    ],
    "money": [
        "currency", "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "amount", "quantity", "unit_price",
        "unit_cost", "line_amount", "spend", "impressions", "clicks", "list_price",
    ],
    "text": [],
}  # fmt: skip


def titled(channel: str, purpose: Any) -> str:
    """How prose names a channel: its name and what it is for."""
    name = channel.replace("_", " ").title()
    text = str(purpose or "").strip().rstrip(".")
    return f"{name}, {text[0].lower() + text[1:]}" if text else name
