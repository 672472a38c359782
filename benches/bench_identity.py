"""`make bench-identity`: pairwise precision, recall and F1 of clusters, seconds and peak memory, beside plain Splink 5.

python benches/bench_identity.py [SETS…] [--home HOME --truth DIR/truth] [--golden PYTHON_WITH_GOLDENMATCH]

SETS: febrl1 febrl2 febrl3 fake_1000 child_care senzing retailer (default: all that can run). Each matcher runs in a process of its own,
on two threads. The retailer needs the home of a finished `onefold run` on a simulated inbox.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benches.identity import datasets  # noqa: E402

MATCHERS = ("onefold", "plain_splink", "goldenmatch")
TARGETS = {"febrl3": "F1 0.995", "retailer": "P 0.995, supported R 0.95, traps P 0.98"}


def score(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Pairwise precision, recall and F1 of clusters over the records that the truth knows."""
    right, predicted, true = con.execute(
        """
        with joined as (
            select cluster, person_id, count(*)::double as n
            from truth join clusters using (channel, source_customer_id) group by all
        )
        select
            (select sum(n * (n - 1) / 2) from joined),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from joined group by cluster)),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from joined group by person_id)),
        """
    ).fetchall()[0]
    precision, recall = right / predicted if predicted else 0.0, right / true if true else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * right / (predicted + true) if predicted + true else 0.0,
    }


def run_one(matcher: str, file: Path, truth: Path | None) -> None:
    """In a process of its own: match, score, print one JSON line."""
    con = duckdb.connect(str(file), config={"threads": 2, "memory_limit": "4GB"})
    con.execute("set enable_progress_bar = false")
    start = time.perf_counter()
    steps: dict[str, float] = {}
    if matcher == "onefold":
        from benches.identity import onefold

        steps = onefold.match(con)
    else:
        from benches.identity import plain_splink

        plain_splink.match(con)
    seconds = time.perf_counter() - start
    found: dict[str, object] = {
        "seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **score(con), "steps": steps,
    }  # fmt: skip
    if matcher == "onefold" and truth:
        from benches.identity import onefold

        evaluation = onefold.evaluate_retailer(con, truth)
        found |= {
            "supported_recall": evaluation.oneid.supported_recall, "trap_precision": evaluation.trap_precision,
            "phone_f1": evaluation.phone_only.f1, "phone_or_email_f1": evaluation.phone_or_email.f1,
        }  # fmt: skip
    print(json.dumps(found))


def run_golden(python: str, file: Path) -> dict[str, object]:
    """goldenmatch without configuration, in its own environment; its clusters come back as CSV."""
    script = Path(__file__).parent / "identity" / "golden.py"
    with tempfile.TemporaryDirectory() as folder:
        con = duckdb.connect(str(file))
        con.execute(f"copy (select * from identity.customer_records) to '{folder}/records.csv'")
        start = time.perf_counter()
        done = subprocess.run(
            [python, str(script), folder], capture_output=True, text=True, timeout=900, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            return {"error": done.stderr.strip().splitlines()[-1:]}
        con.execute(
            f"create or replace table clusters as from read_csv('{folder}/clusters.csv', all_varchar = true)"
        )
        return {"seconds": seconds, "megabytes": float(done.stdout.split()[-1]), **score(con)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--golden", help="a Python that has goldenmatch installed")
    parser.add_argument("--one", nargs=2, metavar=("MATCHER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]), arguments.truth)
        return
    shared = ROOT.parent / "shared"
    wanted = arguments.sets or [*datasets.HOUSEHOLD_SETS, *(["retailer"] if arguments.home else [])]
    print(
        f"{'set':10} {'records':>9} {'matcher':13} {'precision':>9} {'recall':>7} {'F1':>7} {'seconds':>8} {'MB':>6}  target / more"
    )
    for name in wanted:
        for matcher in MATCHERS:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "bench.duckdb"
                records = datasets.write(name, shared, file, arguments.home, arguments.truth)
                print_row(name, records, matcher, measure(matcher, name, file, arguments))


def measure(matcher: str, name: str, file: Path, arguments: argparse.Namespace) -> dict[str, object]:
    if matcher == "goldenmatch":
        return run_golden(arguments.golden, file) if arguments.golden else {"error": "not given (--golden)"}
    truth = ["--truth", str(arguments.truth)] if name == "retailer" else []
    done = subprocess.run(
        [sys.executable, __file__, "--one", matcher, str(file), *truth],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1:]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def print_row(name: str, records: int, matcher: str, found: dict[str, object]) -> None:
    if "error" in found:
        print(f"{name:10} {records:9,} {matcher:13} {found['error']}", flush=True)
        return
    more = TARGETS.get(name, "") if matcher == "onefold" else ""
    for key in ("supported_recall", "trap_precision", "phone_f1", "phone_or_email_f1"):
        if found.get(key) is not None:
            more += f"  {key} {found[key]:.4f}"
    print(
        f"{name:10} {records:9,} {matcher:13} {found['precision']:9.4f} {found['recall']:7.4f} {found['f1']:7.4f} "
        f"{found['seconds']:8.1f} {found['megabytes']:6.0f}  {more}",
        flush=True,
    )


if __name__ == "__main__":
    main()
