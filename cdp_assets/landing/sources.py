"""dbt's view of a channel's landing tables: the sources YAML, rendered from the contract, and the columns, which the parsed project takes from it.

The rendered file is committed beside the staging models, and a test holds the two equal; nothing is rendered at run time. It names tables and what
`landed()` asks of them; columns stand in the contract alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from cdp_assets.landing.contract import ChannelContract, Export

EXTERNAL_LOCATION = (
    "read_parquet('{{ env_var('ONEFOLD_HOME') }}/landing/{channel}/{export}/*.parquet', union_by_name=true)"
)
# What `dbt source freshness` measures: the ledger's last landing of the export, in UTC.
LOADED_AT = (
    "select max(landed_at) from state.main.loads where status = 'landed' "
    "and channel = '{{ source_node.config.meta.channel }}' and export = '{{ source_node.config.meta.export }}'"
)


@dataclass(frozen=True)
class LandedColumn:
    """A column of a landed table: its SQL type, its class, and what it says."""

    name: str
    type: str
    classification: str
    description: str


META_COLUMNS = (
    LandedColumn("_load_id", "varchar", "internal", "First 16 hex digits of the delivered file's SHA-256."),
    LandedColumn("_line", "bigint", "internal", "Line (text files) or row in the delivered file, from 1."),
    LandedColumn("_file_name", "varchar", "internal", "Path of the file below the channel's folder."),
    LandedColumn("_period", "varchar", "internal", "Period that the file name declares, if any."),
    LandedColumn("_part", "varchar", "internal", "Part that the file name declares, if any."),
)


class _OneLine(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Block style, but for what is to stand on one line."""


_Dumper.add_representer(
    _OneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)


def sources_path(channel: str) -> str:
    """Where the file stands below dbt_project/."""
    return f"models/staging/{channel}/_{channel}__sources.yml"


def render_sources(contract: ChannelContract) -> str:
    """The sources YAML of a channel: one table per export."""
    document = {
        "sources": [
            {
                "name": "landing",
                "description": "Files as delivered, parsed by the channels' contracts.",
                "config": {"external_location": EXTERNAL_LOCATION, "loaded_at_query": LOADED_AT},
                "tables": [
                    _table(contract.name, export, contract.freshness_days(export.name))
                    for export in contract.exports
                ],
            }
        ],
    }
    head = f"# Rendered from cdp_assets/channels/{contract.name}.yaml by `onefold channel new`; change it there.\n"
    return head + yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)


def _table(channel: str, export: Export, every_days: float | None) -> dict[str, Any]:
    facts = export.facts
    meta: dict[str, Any] = {"channel": channel, "export": export.name, "delivery": facts.delivery}
    if facts.replaces == "key":
        meta |= {"key": export.primary_key, "rows_per_key": facts.rows_per_key}
    if every_days is not None:
        meta["every_days"] = every_days
    if facts.version_column:
        meta["version"] = facts.version_column
    if words := {column.name: column.facts.words for column in export.properties if column.facts.words}:
        meta["words"] = words
    config: dict[str, Any] = {"meta": meta}
    if every_days is not None:
        config["freshness"] = {"warn_after": {"count": round(24 * every_days), "period": "hour"}}
    return {
        "name": f"{channel}_{export.name}",
        "description": " ".join(filter(None, [export.description, export.data_granularity_description])),
        "config": _OneLine(config),
    }


def landed_columns(export: Export) -> list[LandedColumn]:
    """Every column of an export's landed table: the contract's, the pseudonyms of its natural keys, and where a row comes from."""
    return [
        *(
            LandedColumn(column.name, column.sql_type, column.classification, column.description)
            for column in export.properties
        ),
        *(
            LandedColumn(
                f"_key_{key.name}",
                "varchar",
                "sensitive",
                f"Pseudonym of {' or '.join(key.columns or [' and '.join(key.fallback)])}.",
            )
            for key in export.facts.natural_keys
        ),
        *META_COLUMNS,
    ]


def export_of(contracts: Mapping[str, ChannelContract], meta: Mapping[str, Any]) -> Export | None:
    """The export that a source stands for, by the source's meta; None for a source that no contract knows."""
    contract = contracts.get(meta.get("channel", ""))
    exports = contract.exports if contract else []
    return next((each for each in exports if each.name == meta.get("export")), None)
