"""`onefold state export` and `import`: what must last, as Parquet that other engines read, and back."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cdp_assets.commands.backup import locked
from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.settings import Settings
from cdp_assets.spark.exchange import Table, export_state, import_state


def run_export(*, home: Path | None, folder: Path, console: Console | None = None) -> int:
    """Export state; returns the exit code: 0 done, 1 not done, 75 a run works on the home."""

    def export(settings: Settings, out: Console) -> None:
        target = folder.expanduser().absolute()
        _tell("exported", export_state(settings, target), target, out)
        out.print("It holds what customers ruled and are known by: keep it where only its owner can read it.")

    return locked(home, console or plain_console(), export)


def run_import(*, home: Path | None, folder: Path, console: Console | None = None) -> int:
    """Import state into a home that has none; returns the exit code as `run_export` does."""

    def bring_in(settings: Settings, out: Console) -> None:
        _tell("imported", import_state(settings, folder.expanduser().absolute()), settings.state_path, out)

    return locked(home, console or plain_console(), bring_in)


def _tell(done: str, tables: list[Table], where: Path, out: Console) -> None:
    rows = sum(table.rows for table in tables)
    out.print(
        styled(done, "green", f" {len(tables)} tables, {rows:,} rows, to {where}"),
        highlight=False,
        soft_wrap=True,
    )
