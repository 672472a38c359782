"""`onefold init`, `onefold upgrade` and `onefold parse`: the project that a user owns."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from cdp_assets import dbt_manifest
from cdp_assets.commands.saying import plain_console
from cdp_assets.errors import safe_text
from cdp_assets.project.lay import lay_project
from cdp_assets.project.place import find_project, installed_version
from cdp_assets.project.upgrade import Upgrade, apply_upgrade, plan_upgrade
from cdp_assets.settings import Settings

EXIT_DONE, EXIT_REFUSED, EXIT_CONFLICTS = 0, 1, 2


def init(*, folder: Path) -> int:
    """Lay a project and parse it; 0, or 1 where the folder is not free."""
    console = plain_console()
    folder = folder.expanduser().resolve()
    try:
        files = lay_project(folder)
        os.environ["ONEFOLD_PROJECT"] = str(folder)
        dbt_manifest.prepare(Settings.load(project=folder))
    except Exception as error:
        _say(console, safe_text(error))
        return EXIT_REFUSED
    _say(
        console,
        f"laid a project of Onefold {installed_version()} in {folder}: {len(files)} files, yours to edit",
    )
    _say(console, "next:")
    _say(
        console,
        f"  cd {folder} && git init       keep it in git; data/home, where data will live, is left out",
    )
    _say(console, "  onefold demo --customers 60   a simulated retailer, in two minutes")
    _say(console, "  onefold run                   your own deliveries, from data/home/inbox/<channel>/")
    return EXIT_DONE


def upgrade(*, folder: Path | None, check: bool) -> int:
    """Bring in what changed; 0 when done, 2 when conflicts wait to be resolved (or would), 1 when refused."""
    console = plain_console()
    try:
        project = folder.expanduser().absolute() if folder else find_project()
        planned = plan_upgrade(project)
        if not check:
            apply_upgrade(project, planned)
    except Exception as error:
        _say(console, safe_text(error))
        return EXIT_REFUSED
    _report(console, planned, "would be " if check else "")
    if planned.conflicts:
        _say(console, "conflicts: both you and this version changed the same lines of")
        for name in planned.conflicts:
            _say(console, f"  {name}")
        _say(console, "what to do: choose between <<<<<<< and >>>>>>> in each, then `onefold parse`")
        return EXIT_CONFLICTS
    return EXIT_DONE if check else _parse(console, Settings.load(project=project))


def parse() -> int:
    """Read the dbt project and write what Dagster's import and every run start from; 0, or 1 with what is wrong."""
    return _parse(plain_console(), Settings.load())


def _parse(console: Console, settings: Settings) -> int:
    try:
        path = dbt_manifest.prepare(settings)
    except Exception as error:
        _say(console, safe_text(error))
        return EXIT_REFUSED
    _say(console, f"parsed {settings.dbt_project_dir}: {path}")
    return EXIT_DONE


def _report(console: Console, upgrade: Upgrade, would: str) -> None:
    _say(console, f"from Onefold {upgrade.from_version} to {upgrade.to_version}")
    if upgrade.changes_nothing:
        _say(console, "nothing of the project changed")
    for done, names in (
        ("added", upgrade.added),
        ("replaced", upgrade.replaced),
        ("merged with your edits", upgrade.merged),
        ("removed", upgrade.removed),
    ):
        for name in names:
            _say(console, f"  {would}{done}: {name}")
    for name in upgrade.kept:
        _say(console, f"  kept, though it is not shipped any more, because you edited it: {name}")
    for name in upgrade.left_out:
        _say(console, f"  left out, because you had deleted it: {name}")


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True, markup=False)
