"""What orchestration costs over the work itself: aim 30 seconds on the demo.

`python benches/bench_orchestration.py [PERSONS]`. Simulates a retailer, runs it as `onefold run` does, and takes the time spent inside the plain
functions (landing, dbt, identity, insight, publishing, documentation), each of which knows nothing of Dagster, from the time of the
whole. What remains is imports, Dagster's graph, its steps, events and checks.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benches.insight.measure import Clock  # noqa: E402

WORK = {
    "landing": ("ensure_empty", "scan_inbox", "record_unmatched", "expire", "land_export", "landing_status"),
    "dbt_manifest": ("prepare", "for_home"),
    "dbt_runner": ("invoke", "write_docs"),
    "insight": ("compute_attribution", "compute_customer_value"),
    "defs.publish": ("publish_run",),
}


def main() -> None:
    """Run once and print seconds per kind of work, of the whole, and the difference."""
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    work, whole = Clock(), Clock()
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), persons)
        with whole("run"):
            code = run(Path(folder), work)
    print(f"{'':16}{'wall':>8} {'processor':>10}  seconds")
    for kind, seconds in work.seconds.items():
        print_row(kind, seconds, work.processor_seconds[kind])
    done, busy = sum(work.seconds.values()), sum(work.processor_seconds.values())
    print_row("the work", done, busy)
    print_row(f"the run, exit {code}", whole.seconds["run"], whole.processor_seconds["run"])
    print_row("orchestration", whole.seconds["run"] - done, whole.processor_seconds["run"] - busy)
    print("aim: orchestration at most 30 s on the demo")


def simulate(folder: Path, persons: int) -> None:
    """Write the retailer, by a process of its own: what it imports is not the run's."""
    command = "import sys; from pathlib import Path; from cdp_assets.demo import simulate; simulate(int(sys.argv[1]), out=Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", command, str(persons), str(folder)], cwd=ROOT, check=True)


def run(folder: Path, work: Clock) -> int:
    """`onefold run`, imports included, with the plain functions on the clock."""
    from cdp_assets import identity
    from cdp_assets.commands.run import run_nightly

    for module, names in WORK.items():
        owner = importlib.import_module(f"cdp_assets.{module}")
        for name in names:
            setattr(owner, name, timed(work, module.rpartition(".")[2], getattr(owner, name)))
    for step in identity.STEPS:
        object.__setattr__(step, "run", timed(work, "identity", step.run))
    return run_nightly(home=folder / "home", inbox=folder / "inbox")


def timed(clock: Clock, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its seconds added to the clock's part."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        with clock(part):
            return function(*arguments, **named)

    return wrapped


def print_row(name: str, seconds: float, processor: float) -> None:
    print(f"{name:16}{seconds:8.1f} {processor:10.1f}")


if __name__ == "__main__":
    main()
