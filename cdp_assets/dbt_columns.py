"""What the columns of the parsed dbt project inherit, so that its YAML says only what nothing else says.

A landed table's columns are those of its export's contract; a staging model's are those of its shape; a column without a description has that of the doc
block which bears its name. Classes are inherited too, by `cdp_assets.dbt_classes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.sources import LandedColumn, export_of, landed_columns
from cdp_assets.shapes import shape_of


def inherit(manifest: Any, contracts: Mapping[str, ChannelContract]) -> None:
    """Complete the columns of dbt's manifest object. What the project's YAML says of a column stands."""
    _take_from_contracts(manifest, contracts)
    _take_from_shapes(manifest)
    _take_from_doc_blocks(manifest)


def _take_from_contracts(manifest: Any, contracts: Mapping[str, ChannelContract]) -> None:
    for source in manifest.sources.values():
        if export := export_of(contracts, source.config.meta):
            source.columns = {column.name: _landed(column) for column in landed_columns(export)}


def _take_from_shapes(manifest: Any) -> None:
    for node in manifest.nodes.values():
        if node.resource_type == "model" and (shape := shape_of(node.name)):
            node.columns = {**{name: _column(name) for name in shape.types}, **node.columns}


def _take_from_doc_blocks(manifest: Any) -> None:
    prefix = f"doc.{manifest.metadata.project_name}."
    for node in manifest.nodes.values():
        for column in node.columns.values():
            block = manifest.docs.get(prefix + column.name)
            if block and not column.description:
                column.description, column.doc_blocks = block.block_contents, [block.unique_id]


def _landed(column: LandedColumn) -> Any:
    from dbt.artifacts.resources.v1.components import ColumnConfig

    meta = {"classification": column.classification}
    config = ColumnConfig(meta=meta)
    return _column(
        column.name, data_type=column.type, description=column.description, meta=meta, config=config
    )


def _column(name: str, **about: Any) -> Any:
    from dbt.contracts.graph.nodes import ColumnInfo

    return ColumnInfo(name, **about)
