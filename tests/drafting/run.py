"""Runs a drafting case: draft a channel from its files, land them, and run the drafted models in DuckDB; no dbt, no home.

Landing is the real parser in this process; the models are rendered with the project's own macros by a light Jinja environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cdp_assets.drafting import ChannelDraft, draft_channel
from cdp_assets.engine import scratch
from cdp_assets.landing import load_contract
from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.parse import open_parser, parse_file
from cdp_assets.landing.readers.inspection import ParseJob, inspect_file
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.shapes import shapes
from tests.dbt.engine_macros import rendered

KEY = b"test-key-of-at-least-thirty-two-bytes"


@dataclass(frozen=True)
class Outcome:
    """What a case's files became: the draft, its contract, the landed rows, and the text of each drafted model."""

    draft: ChannelDraft
    contract: ChannelContract
    parquets: dict[str, Path]  # export → landed rows
    quarantined: int
    models: dict[str, str]  # shape → SQL

    def landed(self, export: str, columns: str) -> list[tuple[Any, ...]]:
        """Columns of the landed rows, in the file's order."""
        return _query(f"select {columns} from read_parquet('{self.parquets[export]}') order by _line")

    def rows(self, shape: str) -> list[dict[str, Any]]:
        """The rows that the drafted model of a shape yields."""
        sql = _render(self.models[shape], self.parquets)
        with scratch({"threads": 1}) as con:
            con.execute("set TimeZone = 'UTC'")
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def asks(self, *words: str) -> bool:
        """Whether one question holds all the words."""
        return any(all(word in question for word in words) for question in self.draft.open_questions)


def run_case(settings: Settings, folder: Path, files: dict[str, bytes], **options: Any) -> Outcome:
    """Draft the channel `new` from the files and land them. `options` go to draft_channel; raises what it raises."""
    channels, dbt, samples = folder / "channels", folder / "dbt", folder / "samples"
    for each in (channels, dbt, samples):
        each.mkdir(parents=True)
    (dbt / "dbt_project.yml").write_text((PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text())
    paths = []
    for name, content in files.items():
        paths.append(samples / name)
        paths[-1].write_bytes(content)
    draft = draft_channel(settings, "new", paths, channels_dir=channels, dbt_project_dir=dbt, **options)
    contract = load_contract(channels / "new.yaml")
    parquets, quarantined = _land(contract, paths, folder / "work")
    models = {
        path.stem.removeprefix("stg_new__"): path.read_text()
        for path in sorted((dbt / "models" / "staging" / "new").glob("stg_*.sql"))
    }
    return Outcome(draft, contract, parquets, quarantined, models)


def _land(contract: ChannelContract, paths: list[Path], work: Path) -> tuple[dict[str, Path], int]:
    parquets: dict[str, Path] = {}
    quarantined = 0
    con = open_parser([work], "1GB", 1, KEY, [])
    for export, path in zip(contract.exports, paths, strict=True):
        job = _job(export, path, work / export.name)
        result = parse_file(con, inspect_file(job))
        parquets[export.name] = job.parquet
        quarantined += result.quarantined
    con.close()
    return parquets, quarantined


def _job(export: Export, path: Path, folder: Path) -> ParseJob:
    folder.mkdir(parents=True)
    original = folder / "original"
    original.write_bytes(path.read_bytes())
    return ParseJob(
        channel="new",
        export=export,
        dialect=export.facts.dialect_for(path.name),
        original=original,
        load_id="load",
        file_name=path.name,
        period=None,
        part=None,
        parquet=folder / "landed.parquet",
        quarantine=folder / "quarantine.parquet",
        work_dir=folder,
        as_of_date=None,
        has_suppressed=False,
    )


def _render(model: str, parquets: dict[str, Path]) -> str:
    given = {
        "var": lambda name: {"business_time_zone": "UTC"}[name],
        "shape_columns": lambda name: list(shapes()[name].types.items()),
        "outside_columns": lambda name: [c.name for c in shapes()[name].columns if c.outside],
        "person_columns": lambda _name: [],  # characters that nobody sees are not what drafts are about
        "landed": lambda _channel, export: f"read_parquet('{parquets[export]}')",
    }
    return rendered(model, **given)  # type: ignore[arg-type]


def _query(sql: str) -> list[tuple[Any, ...]]:
    with scratch({"threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(sql).fetchall()


def shown(value: Any) -> str:
    """A value as a case writes it: numbers without zeros at the end, times without seconds that are nought, a pseudonym as @."""
    if value is None:
        return ""
    if isinstance(value, Decimal | float):
        return f"{Decimal(str(value)).normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(":00").removesuffix(" 00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return "@" if re.fullmatch("[0-9a-f]{32}", text) else text
