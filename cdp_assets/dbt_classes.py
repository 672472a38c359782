"""How personal each column of the dbt project is, from its parsed manifest: written where it differs, inherited elsewhere.

A class is written at the column (`config: {meta: {classification: …}}`); else a staging model's column has its shape's; else a column has the
highest class of the columns of the same name in what its model reads. A column without any of the three is unknown, and counts as core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdp_assets.shapes import shape_of

CLASSES = ("public", "internal", "sensitive", "core")  # from the least to the most personal
UNKNOWN_COUNTS_AS = "core"


def column_classes(manifest: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    """Unique id of a model, seed or source → column → class; None where nobody says."""
    nodes = {
        **{
            name: node
            for name, node in manifest["nodes"].items()
            if node["resource_type"] in ("model", "seed")
        },
        **manifest["sources"],
    }
    found: dict[str, dict[str, str | None]] = {}

    def of(unique_id: str) -> dict[str, str | None]:
        if unique_id not in found:
            node = nodes[unique_id]
            parents = [of(each) for each in node.get("depends_on", {}).get("nodes", []) if each in nodes]
            given = _by_shape(node["name"])
            found[unique_id] = {
                name: written(column) or given.get(name) or _highest(parent.get(name) for parent in parents)
                for name, column in node["columns"].items()
            }
        return found[unique_id]

    for unique_id in nodes:
        of(unique_id)
    return found


def written(column: Mapping[str, Any]) -> str | None:
    """The class that stands at the column itself."""
    meta = column.get("meta") or (column.get("config") or {}).get("meta") or {}
    return meta.get("classification")


def classes_of(manifest: Mapping[str, Any], schema: str) -> dict[tuple[str, str], str]:
    """(model, column) of one schema → its class, as it counts."""
    classes = column_classes(manifest)
    return {
        (node["name"], column): known or UNKNOWN_COUNTS_AS
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] == schema
        for column, known in classes[unique_id].items()
    }


def _by_shape(model: str) -> dict[str, str]:
    shape = shape_of(model)
    return {column.name: column.classification for column in shape.columns} if shape else {}


def _highest(classes: Any) -> str | None:
    return max((each for each in classes if each), key=CLASSES.index, default=None)
