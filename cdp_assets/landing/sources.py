"""dbt's view of a channel's landing tables: the sources YAML, rendered from the contract.

The rendered file is committed beside the staging models, and a test holds the two equal; nothing is rendered at run time.
"""

from __future__ import annotations

from typing import Any

import yaml

from cdp_assets.landing.contract import ChannelContract, Export

EXTERNAL_LOCATION = (
    "read_parquet('{{ env_var('ONEFOLD_HOME') }}/landing/{channel}/{export}/*.parquet', union_by_name=true)"
)
META_COLUMNS: dict[str, tuple[str, str, str]] = {
    "_load_id": ("varchar", "internal", "First 16 hex digits of the delivered file's SHA-256."),
    "_line": ("bigint", "internal", "Line (text files) or row in the delivered file, from 1."),
    "_file_name": ("varchar", "internal", "Path of the file below the channel's folder."),
    "_period": ("varchar", "internal", "Period that the file name declares, if any."),
    "_part": ("varchar", "internal", "Part that the file name declares, if any."),
}


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
    """The sources YAML of a channel: one table per export, every landed column with its type and classification."""
    document = {
        "version": 2,
        "sources": [
            {
                "name": "landing",
                "description": "Files as delivered, parsed by the channels' contracts.",
                "config": {"external_location": EXTERNAL_LOCATION},
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
    columns = [
        _column(column.name, column.sql_type, column.classification, column.description)
        for column in export.properties
    ]
    columns += [
        _column(
            f"_key_{key.name}",
            "varchar",
            "sensitive",
            f"Pseudonym of {' or '.join(key.columns or [' and '.join(key.fallback)])}.",
        )
        for key in facts.natural_keys
    ]
    columns += [_column(name, *about) for name, about in META_COLUMNS.items()]
    return {
        "name": f"{channel}_{export.name}",
        "description": " ".join(filter(None, [export.description, export.data_granularity_description])),
        "config": _OneLine({"meta": meta}),
        "columns": columns,
    }


def _column(name: str, sql_type: str, classification: str, description: str) -> dict[str, Any]:
    described = {"description": description} if description else {}
    return _OneLine(
        {
            "name": name,
            "data_type": sql_type,
            **described,
            "config": {"meta": {"classification": classification}},
        }
    )
