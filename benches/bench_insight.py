"""Attribution and customer value beside their peers, in one run: seconds, ratios, peak memory, differing figures.

Peers live in an environment of the benchmark's own (benches/.venv-insight, made on the first run). Every tool reads the
same Parquet file and runs in a process of its own, one after the other; reading and grouping count for all.

    python benches/bench_insight.py [--journeys 1000000 10000000] [--customers 1000000] [--timeout 1800]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from insight.customers import write_histories
from insight.journeys import write_journeys

BENCHES = Path(__file__).resolve().parent
WORKERS = BENCHES / "insight"
OUT = BENCHES / "out"
PEER_ENVIRONMENT = BENCHES / ".venv-insight"
PEER_PYTHON = PEER_ENVIRONMENT / "bin" / "python"
PEERS = (
    "ChannelAttribution==2.2.5",
    "marketing_attribution_models==2.1.1",
    "lifetimes==0.11.3",
    "matplotlib",  # ChannelAttribution imports it
    "pandas>=3",
    "pyarrow>=26",
)
SHARED_MODELS = {  # peer worker -> the parts of Onefold's run that do what it does
    "run_channel_attribution": ("heuristics", "count the chain", "markov_1", "markov_2", "markov_3"),
    "run_marketing_attribution_models": ("heuristics", "count the chain, order 1", "markov_1", "shapley"),
}
ATTRIBUTION_TARGETS = {"run_channel_attribution": 5.0, "run_marketing_attribution_models": 10.0}
CUSTOMER_VALUE_TARGET = 5.0
# why a peer's figures are not ours, as its own source says; where nothing stands here they should agree
WHY_DIFFERENT = {
    ("run_channel_attribution", "markov"): "it walks the chain at random, we solve it",
    ("run_marketing_attribution_models", "shapley"): (
        "another game: it keeps the last four channels, by name, of a path's set, and values a coalition by the conversion rate of the "
        "paths of exactly that set; ours, of Zhao et al. 2018, by the conversions of all sets within it"
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--journeys", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--timeout", type=int, default=1_800, help="seconds a worker may take")
    parser.add_argument("--memory-gb", type=int, default=14, help="address space that a worker may take")
    options = parser.parse_args()
    resource.setrlimit(
        resource.RLIMIT_AS, (options.memory_gb * 2**30, resource.RLIM_INFINITY)
    )  # workers inherit it
    OUT.mkdir(exist_ok=True)
    make_peer_environment()
    lines = [f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at start", ""]
    for journeys in options.journeys:
        lines += bench_attribution(journeys, options.timeout)
    if options.customers:
        lines += bench_customer_value(options.customers, options.timeout)
    report = "\n".join(lines)
    (OUT / "insight.md").write_text(report + "\n")
    print(report)


def make_peer_environment() -> None:
    """Once: a virtual environment with the peers, from the package index that pip is set up for."""
    ready = PEER_ENVIRONMENT / "ready.txt"
    wanted = "\n".join(PEERS)
    if ready.exists() and ready.read_text() == wanted:
        return
    venv.create(PEER_ENVIRONMENT, with_pip=True, clear=True)
    subprocess.run([PEER_PYTHON, "-m", "pip", "install", "--quiet", "--quiet", *PEERS], check=True)
    ready.write_text(wanted)


def run(worker: str, python: Path | str, data: Path, timeout: int) -> dict[str, Any]:
    """The worker's JSON line, or {"failed": why}."""
    environment = {**os.environ, "PYTHONPATH": str(BENCHES.parent)}
    try:
        done = subprocess.run(
            [python, WORKERS / f"{worker}.py", data],
            capture_output=True, text=True, timeout=timeout, env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {timeout} s"}
    if done.returncode != 0:
        if done.returncode < 0 or "memory" in done.stderr.lower():
            return {"failed": f"ended without memory or by signal (exit {done.returncode}; see --memory-gb)"}
        reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"failed": f"exit {done.returncode}: {reason[0][:120]}"}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def bench_attribution(journeys: int, timeout: int) -> list[str]:
    """One table: Onefold with all its models, each peer with all of its own, and the ratio over what both compute."""
    data = OUT / f"journeys_{journeys}.parquet"
    if not data.exists():
        write_journeys(data, journeys)
    ours = run("run_onefold", sys.executable, data, timeout)
    lines = [
        f"## {journeys:,} journeys of twenty channels",
        "",
        HEADER,
        RULE,
        row("Onefold, all models", ours),
    ]
    differences = ["", "Largest difference in conversions credited to a channel:"]
    for worker, target in ATTRIBUTION_TARGETS.items():
        found = run(worker, PEER_PYTHON, data, timeout)
        lines.append(row(worker.removeprefix("run_"), found, ours, SHARED_MODELS[worker], target))
        differences += [
            f"- {worker.removeprefix('run_')}, {model}: {gap:.2g}{why_different(worker, model)}"
            for model, gap in gaps(ours, found)
        ]
    if journeys <= 1_000_000:
        whole = run("run_onefold_touches", sys.executable, data, timeout)
        lines.append(row("Onefold, compute_attribution from touches (with credits and intervals)", whole))
    return [*lines, *differences, ""]


def bench_customer_value(customers: int, timeout: int) -> list[str]:
    """BG/NBD: read, fit and score."""
    data = OUT / f"histories_{customers}.parquet"
    if not data.exists():
        write_histories(data, customers)
    ours = run("run_onefold_bgnbd", sys.executable, data, timeout)
    theirs = run("run_lifetimes", PEER_PYTHON, data, timeout)
    parts = ("fit", "score")
    lines = [f"## BG/NBD over {customers:,} customers", "", HEADER, RULE, row("Onefold", ours)]
    lines.append(row("lifetimes", theirs, ours, parts, CUSTOMER_VALUE_TARGET))
    if "figures" in ours and "figures" in theirs:
        names = ("r", "alpha", "a", "b", "mean_alive", "expected_purchase_days_90_days")
        largest = max(abs(ours["figures"][n] / theirs["figures"][n] - 1) for n in names)
        lines += ["", f"Parameters and expectations agree to {largest:.1e} of their size."]
    return [*lines, ""]


COLUMNS = (
    "tool",
    "seconds",
    "processor seconds",
    "memory MB",
    "Onefold is faster, same models",
    "target",
    "parts, s",
)
HEADER = f"| {' | '.join(COLUMNS)} |"
RULE = "|---" * len(COLUMNS) + "|"


def row(
    name: str,
    found: dict[str, Any],
    ours: dict[str, Any] | None = None,
    shared: tuple[str, ...] = (),
    target: float | None = None,
) -> str:
    """One line of a table. The ratio is over reading, grouping and the models that both compute."""
    if "failed" in found:
        return f"| {name} | {found['failed']} | | | | | |"
    ratio = ""
    if ours and "seconds" in ours:
        same = sum(ours["seconds"][part] for part in ("read and group", *shared))
        ratio = f"{sum(found['seconds'].values()) / same:.1f} ×"
    parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in found["seconds"].items())
    return (
        f"| {name} | {sum(found['seconds'].values()):.1f} | {sum(found['processor_seconds'].values()):.1f} "
        f"| {found['memory_mb']:.0f} | {ratio} | {f'{target:.0f} ×' if target else ''} | {parts} |"
    )


def why_different(worker: str, model: str) -> str:
    """The reason in brackets, where one is known."""
    reason = WHY_DIFFERENT.get((worker, model.split("_")[0]))
    return f" ({reason})" if reason else ""


def gaps(ours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, float]]:
    """Largest difference in conversions credited to a channel, per model that both report."""
    if "credits" not in ours or "credits" not in theirs:
        return []
    return [
        (
            model,
            max(
                abs(credit.get(channel, 0.0) - ours["credits"][model][place])
                for place, channel in enumerate(ours["channels"])
            ),
        )
        for model, credit in theirs["credits"].items()
    ]


if __name__ == "__main__":
    main()
