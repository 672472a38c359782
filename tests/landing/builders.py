"""Tiny deliveries for the landing tests: write files, land them, read back what landed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from cdp_assets.landing import ChannelContract, LandingReport, land_all, load_contracts
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


def deliver(settings: Settings, name: str, content: str | bytes) -> Path:
    """Put a file into the inbox; `name` is <channel>/<file>."""
    path = settings.inbox_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def shipped_contracts(settings: Settings) -> dict[str, ChannelContract]:
    """The contracts of the repository, for files that a test just wrote."""
    return unhurried(load_contracts(*settings.contract_dirs))


def unhurried(contracts: dict[str, ChannelContract]) -> dict[str, ChannelContract]:
    """The same contracts with settleSeconds 0, and for files of few rows: a large share of bad ones lands, too."""
    return {
        name: with_facts(contract, settle_seconds=0, max_quarantined=1.0)
        for name, contract in contracts.items()
    }


def with_facts(contract: ChannelContract, **facts: Any) -> ChannelContract:
    """The same contract with other facts for each of its exports."""
    exports = [
        export.model_copy(update={"facts": export.facts.model_copy(update=facts)})
        for export in contract.exports
    ]
    return contract.model_copy(update={"exports": exports})


def contract_of(
    facts: Mapping[str, Any], *columns: Mapping[str, Any], channel: str = "shop"
) -> dict[str, ChannelContract]:
    """A contract of one export `sales`; each column is its ODCS fields plus `facts` for customProperties."""
    properties = []
    for column in columns:
        plain = {key: value for key, value in column.items() if key != "facts"}
        plain.setdefault("physicalName", plain["name"])
        plain.setdefault("classification", "internal")
        plain["customProperties"] = [{"property": k, "value": v} for k, v in column.get("facts", {}).items()]
        properties.append(plain)
    # Files of a few rows, most of them bad on purpose: what is held for its share of bad rows has tests of its own.
    defaults = {"filePattern": r".*\.csv", "settleSeconds": 0, "maxQuarantined": 1}
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "test",
        "name": channel,
        "version": "1.0.0",
        "status": "active",
        "schema": [
            {
                "name": "sales",
                "properties": properties,
                "customProperties": [{"property": k, "value": v} for k, v in {**defaults, **facts}.items()],
            }
        ],
    }
    return {channel: ChannelContract.model_validate(yaml.safe_load(yaml.safe_dump(document)))}


def land(
    settings: Settings, contracts: dict[str, ChannelContract] | None = None, run_id: str = "run"
) -> LandingReport:
    """Land the inbox and assert law 2 over whatever happened."""
    report = land_all(settings, contracts or shipped_contracts(settings), run_id)
    assert report.is_balanced
    return report


def landed(
    settings: Settings, channel: str, export: str, columns: str = "*", *, current: bool = True
) -> list[tuple[Any, ...]]:
    """Landed rows in file and line order: what dbt would see (current loads only), or all of them."""
    with connect_state(settings, read_only=True) as con:
        where = "where status = 'landed'" + (" and is_current" if current else "")
        ids = [row[0] for row in con.execute(f"select distinct load_id from loads {where}").fetchall()]
    path = settings.landing_dir / channel / export / "*.parquet"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(
            f"select {columns} from read_parquet('{path}', union_by_name = true) "
            "where list_contains(?, _load_id) order by _file_name, _line",
            [ids],
        ).fetchall()


def quarantined(settings: Settings, channel: str, export: str) -> list[tuple[Any, ...]]:
    """Quarantined rows: line, reason code, column, original text."""
    folder = settings.quarantine_dir / channel / export
    if not list(folder.glob("*.parquet")):
        return []
    with duckdb.connect() as con:
        return con.execute(
            f"select line, reason_code, column_name, original_text from read_parquet('{folder}/*.parquet') order by line"
        ).fetchall()


def held_reasons(report: LandingReport) -> dict[str, str]:
    """Reason codes of waiting files by file name."""
    return {held.file_name: held.reason_code for held in report.held}


def query_state(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with connect_state(settings, read_only=True) as con:
        return con.execute(sql).fetchall()
