"""What orchestration costs over the work itself: aim 30 seconds on the demo.

`python benches/bench_orchestration.py [PERSONS]`. Simulates a retailer, runs it as `onefold run` does, and takes the time spent inside the plain
functions (landing, dbt, identity, insight, publishing, documentation), each of which knows nothing of Dagster, from the time of the
whole. What remains is imports, Dagster's graph, its steps, events and checks.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Moment:
    """Wall and processor seconds (children not counted)."""

    wall: float = 0.0
    processor: float = 0.0

    def __sub__(self, other: Moment) -> Moment:
        return Moment(self.wall - other.wall, self.processor - other.processor)

    def __add__(self, other: Moment) -> Moment:
        return Moment(self.wall + other.wall, self.processor + other.processor)

    def __str__(self) -> str:
        return f"{self.wall:6.1f} s ({self.processor:5.1f} s of processor)"


def now() -> Moment:
    return Moment(time.perf_counter(), time.process_time())


STARTED = now()
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    """Run once and print seconds per kind of work, of the whole, and the difference."""
    from cdp_assets import dbt_runner, insight, landing, linkage
    from cdp_assets.commands.run import run_nightly
    from cdp_assets.defs import publish
    from cdp_assets.demo import simulate

    imported = now() - STARTED
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    spent: dict[str, Moment] = {}
    work = {
        landing: (
            "ensure_empty",
            "scan_inbox",
            "record_unmatched",
            "expire",
            "land_export",
            "landing_status",
        ),
        dbt_runner: ("parse", "invoke", "write_docs"),
        insight: ("compute_attribution", "compute_customer_value"),
        publish: ("publish_run",),
    }
    for owner, names in work.items():
        for name in names:
            kind = owner.__name__.rpartition(".")[2]
            setattr(owner, name, timed(spent, kind, getattr(owner, name)))
    for step in linkage.STEPS:
        object.__setattr__(step, "run", timed(spent, "identity", step.run))
    with tempfile.TemporaryDirectory() as folder:
        simulate(persons, out=Path(folder))
        begun = now()
        code = run_nightly(home=Path(folder) / "home", inbox=Path(folder) / "inbox")
        whole = imported + (now() - begun)
    done = sum(spent.values(), Moment())
    for kind, seconds in spent.items():
        print(f"  {kind:<14} {seconds}")
    print(f"  the work       {done}")
    print(f"  the whole run  {whole}, exit {code}")
    print(f"  orchestration  {whole - done}; aim: at most 30 s")


def timed(spent: dict[str, Moment], kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its seconds added to spent[kind]."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        begun = now()
        try:
            return function(*arguments, **named)
        finally:
            spent[kind] = spent.get(kind, Moment()) + (now() - begun)

    return wrapped


if __name__ == "__main__":
    main()
