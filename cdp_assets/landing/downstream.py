"""Whether what lands of a channel is taken further: its dbt sources, its staging models and the lists that name them.

Reads the project's own files; no delivered file, no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cdp_assets.dbt_vars import project_vars
from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.sources import render_sources, sources_path
from cdp_assets.shapes import shapes


def shapes_by_list(dbt_project_dir: Path) -> dict[str, list[str]]:
    """Shape → channels, as `vars.channels` in dbt_project.yml lists them."""
    found = project_vars(dbt_project_dir)["channels"]
    return {str(shape): list(channels or []) for shape, channels in found.items()}


def staged_shapes(dbt_project_dir: Path, channel: str) -> list[str]:
    """Shapes for which the channel has a staging model."""
    folder = dbt_project_dir / "models" / "staging" / channel
    found = (re.fullmatch(rf"stg_{channel}__(\w+)\.sql", path.name) for path in sorted(folder.glob("*.sql")))
    return [match.group(1) for match in found if match]


def listing_with(listed: Mapping[str, list[str]], channel: str, shape: str) -> str:
    """The line of vars.channels for a shape, with the channel in it. `listed`: what it lists now (shapes_by_list)."""
    names = listed.get(shape, [])
    return f"{shape}: [{', '.join([*names, *([] if channel in names else [channel])])}]"


def wiring_problems(dbt_project_dir: Path, contract: ChannelContract) -> list[str]:
    """What keeps a channel's landed rows from the tables, each with its remedy; empty where nothing does."""
    channel = contract.name
    staged, listed = staged_shapes(dbt_project_dir, channel), shapes_by_list(dbt_project_dir)
    problems = []
    path = dbt_project_dir / sources_path(channel)
    if not path.exists() or path.read_text(encoding="utf-8") != render_sources(contract):
        problems.append(
            f"dbt_project/{sources_path(channel)} does not say what the contract says: `onefold channel sources {channel}` writes it"
        )
    if not staged:
        problems.append(
            f"there is no staging model in dbt_project/models/staging/{channel}: its rows land, but no table takes them in"
        )
    problems += [
        f"stg_{channel}__{shape} is in no list, so no table takes it in; in vars.channels of dbt_project/dbt_project.yml "
        f"write `{listing_with(listed, channel, shape)}`"
        for shape in staged
        if channel not in listed.get(shape, [])
    ]
    problems += [
        f"vars.channels.{shape} names {channel}, but there is no stg_{channel}__{shape}.sql: write it or take the name out"
        for shape, channels in listed.items()
        if channel in channels and shape not in staged
    ]
    problems += [
        f"vars.channels names {shape}, which is no shared shape; cdp_assets/shapes.yaml has {', '.join(shapes())}"
        for shape, channels in listed.items()
        if channel in channels and shape not in shapes()
    ]
    return problems


def write_sources(dbt_project_dir: Path, contract: ChannelContract) -> Path:
    """Write the channel's dbt sources from its contract; returns the file."""
    path = dbt_project_dir / sources_path(contract.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_sources(contract), encoding="utf-8")
    return path
