"""`onefold channel new`, `check` and `sources`, and `onefold replay`: from a sample file to rows that land."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from rich.console import Console

from cdp_assets.commands.saying import plain_console
from cdp_assets.drafting import draft_channel
from cdp_assets.errors import safe_text
from cdp_assets.home import prepare_home
from cdp_assets.landing import ChannelCheck, check_channel, load_contract, replay_quarantine
from cdp_assets.landing.downstream import wiring_problems, write_sources
from cdp_assets.project.place import SHIPPED_CHANNELS
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings


def new_channel(
    *, name: str, samples: Sequence[Path], export: str | None, sheet: str | None, overwrite: bool
) -> int:
    """Draft contract, sources and staging models from samples; print what was written and what is left to decide."""
    console = plain_console()
    settings = Settings.load()
    try:
        draft = draft_channel(settings, name, samples, export=export, sheet=sheet, overwrite=overwrite)
    except Exception as error:
        return _refuse(console, error)
    _say(console, f"drafted channel {name}:")
    for path in draft.written:
        _say(console, f"  wrote {_short(path)}")
    if draft.open_questions:
        _say(console, "left to decide (in the contract and the models; nothing of this is certain):")
        for note in draft.open_questions:
            _say(console, f"  - {note}")
    if draft.list_entries:
        _say(console, "not wired yet: in vars.channels of dbt_project/dbt_project.yml, let these lines read")
        for entry in draft.list_entries:
            _say(console, f"    {entry}")
    if (settings.project_dir / "tests" / "landing").is_dir():  # a project of `onefold init` has none
        test = f"tests/landing/test_{name}.py with a small invented file, as test_second_wave.py does"
        _say(console, f"not tested yet: write {test}")
    _say(console, "next:")
    _say(console, f"  onefold channel check {name} {' '.join(shlex.quote(str(path)) for path in samples)}")
    _say(
        console, f"  onefold channel sources {name}    (after a change of an export's name, key or delivery)"
    )
    _say(console, f"  put the files into {_short(settings.inbox_dir / name)}/, then: onefold run")
    return 0


def render_channel_sources(*, name: str) -> int:
    """Write the channel's dbt sources again, from its contract."""
    console = plain_console()
    settings = Settings.load()
    try:
        path = write_sources(settings.dbt_project_dir, load_contract(settings.contract_path(name)))
    except Exception as error:
        return _refuse(console, error)
    _say(console, f"wrote {_short(path)}")
    return 0


def own_contract(*, name: str) -> int:
    """Copy a shipped contract into the project, to be edited there; from then on it counts in place of the shipped one."""
    console = plain_console()
    settings = Settings.load()
    shipped, own = SHIPPED_CHANNELS / f"{name}.yaml", settings.channels_dir / f"{name}.yaml"
    if not shipped.exists():
        names = ", ".join(sorted(path.stem for path in SHIPPED_CHANNELS.glob("*.yaml")))
        _say(console, f"no contract {name} is shipped; there are: {names}")
        return 1
    if own.exists():
        _say(console, f"{_short(own)} is the project's own already: edit it")
        return 1
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped, own)
    _say(console, f"wrote {_short(own)}: edit it, then `onefold channel sources {name}`")
    return 0


def check_files(*, name: str, files: Sequence[Path], home: Path | None, inbox: Path | None) -> int:
    """Say what would land, be quarantined or be held, and why; 0 if all would land, else 1. Nothing is written.

    What keeps landed rows from the tables (no staging model, no list) is said too; it does not change the exit code.
    """
    console = plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        check = check_channel(settings, name, files)
        problems = wiring_problems(settings.dbt_project_dir, load_contract(settings.contract_path(name)))
    except Exception as error:
        return _refuse(console, error)
    for problem in problems:
        _say(console, f"not wired: {problem}")
    if not check.files and not check.held:
        _say(console, f"no file to check: name one, or deliver to <inbox>/{name}/")
        return 1
    _print_check(console, check)
    return 0 if check.is_clean else 1


def _print_check(console: Console, check: ChannelCheck) -> None:
    for file in check.files:
        result = file.result
        _say(
            console,
            f"{file.file_name} as {check.channel}/{file.export}: {result.landed:,} of {result.parsed:,} rows land, "
            f"{result.quarantined:,} go to quarantine, {result.duplicates:,} are older versions of a key",
        )
        for reason in result.reasons:
            column = f" in column {reason.column_name}" if reason.column_name else ""
            _say(
                console,
                f"  {reason.rows:,} × {reason.reason_code}{column}, first on line {reason.first_line}",
            )
        if result.extra_columns:
            _say(
                console,
                f"  columns unknown to the contract land as text: {', '.join(result.extra_columns)}",
            )
    for misnamed in check.misnamed:
        _say(
            console, f"{misnamed} would wait in the inbox: no filePattern of {check.channel} matches its name"
        )
    for held in check.held:
        _say(console, f"{held.file_name} would wait ({held.reason_code}): {held.detail}; {held.remedy}")


def replay(*, name: str, home: Path | None, inbox: Path | None) -> int:
    """Parse again what is in quarantine, after the contract was mended; rows that now pass land, once."""
    console = plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        with lock.hold(settings.home):
            prepare_home(settings)
            report = replay_quarantine(settings, name, f"replay-{uuid4()}")
    except lock.HomeLocked as error:
        _say(console, str(error))
        return lock.EXIT_LOCKED
    except Exception as error:
        return _refuse(console, error)
    gained = report.landed_after - report.landed_before
    _say(
        console,
        f"{report.loads:,} loads of {name} parsed again: {gained:,} more rows landed, {report.quarantined_after:,} stay",
    )
    for held in report.held:
        _say(console, f"{held.file_name} waits ({held.reason_code}): {held.detail}; {held.remedy}")
    for lost in report.lost_originals:
        _say(
            console,
            f"the original of {lost} is no longer kept (the contract's retention), so its rows cannot be replayed",
        )
    if gained:
        _say(console, "next: onefold run, so that the tables take them in")
    return 0


def _refuse(console: Console, error: Exception) -> int:
    _say(console, safe_text(error))
    return 1


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True, markup=False)


def _short(path: Path) -> Path:
    project = Settings.load().project_dir
    return path.relative_to(project) if path.is_relative_to(project) else path
