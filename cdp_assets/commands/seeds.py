"""`onefold evaluate --seeds N`: attribution against true lift on several simulated retailers, each run whole.

One retailer's figures are partly luck; how far a model errs over several says more. Each is simulated and run by a process of
its own in a folder that is removed afterwards.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.table import Table

from cdp_assets import insight
from cdp_assets.commands.saying import plain_console

FIRST_SEED = 7  # the demo's own


def show_seeds(*, seeds: int, customers: int) -> int:
    """Print every model's misplaced credit for each seed, nearest first; 1 where a retailer could not be run."""
    console = plain_console()
    found: dict[int, insight.LiftComparison] = {}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        with tempfile.TemporaryDirectory(prefix="onefold-seed-") as folder:
            console.print(f"seed {seed}: simulating and running {customers:,} persons", highlight=False)
            command = [sys.executable, "-m", "cdp_assets.cli", "demo", "--out", folder]
            done = subprocess.run(  # noqa: S603  (numbers, and a folder of our own)
                [*command, "--customers", str(customers), "--seed", str(seed)],
                env={**os.environ, "ONEFOLD_HOME": f"{folder}/home", "ONEFOLD_INBOX": f"{folder}/inbox"},
                capture_output=True,
                check=False,
            )
            if done.returncode:
                console.print(
                    f"seed {seed}: the run ended with {done.returncode}; `onefold demo --customers {customers} --seed {seed} "
                    "--out FOLDER` shows why",
                    highlight=False,
                )
                return 1
            with duckdb.connect(
                str(Path(folder) / "home" / "published" / "current.duckdb"), read_only=True
            ) as con:
                found[seed] = insight.compare_with_lift(con, Path(folder) / "truth")
    console.print(seeds_table(found))
    return 0


def seeds_table(found: dict[int, insight.LiftComparison]) -> Table:
    """Misplaced credit in percent, one row per model and one column per seed, lowest mean first."""
    table = Table(
        title="Credit misplaced against true lift, % of the credit of web shop orders",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    table.add_column("model", no_wrap=True)
    for heading in ("mean", *(f"seed {seed}" for seed in found)):
        table.add_column(heading, justify="right", no_wrap=True)
    for model, misplaced in by_model(found):
        mean = statistics.fmean(one for one in misplaced if one is not None)
        table.add_row(
            model, f"{100 * mean:.1f}", *("–" if one is None else f"{100 * one:.1f}" for one in misplaced)
        )
    return table


def by_model(found: dict[int, insight.LiftComparison]) -> list[tuple[str, Sequence[float | None]]]:
    """Every model with its misplaced share per seed (None where a seed's run lacks it), lowest mean first."""
    models = sorted({one.model for comparison in found.values() for one in comparison.models})
    rows = [
        (
            model,
            [
                next((one.misplaced for one in comparison.models if one.model == model), None)
                for comparison in found.values()
            ],
        )
        for model in models
    ]
    return sorted(rows, key=lambda row: (statistics.fmean(one for one in row[1] if one is not None), row[0]))
