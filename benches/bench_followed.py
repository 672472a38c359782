"""The law of tables that follow their inputs, over many random histories: after each night every such table holds what its query gives.

`python benches/bench_followed.py [HISTORIES] [--nights N] [--first SEED] [--minutes N] [--work DIR]`. Histories are drawn as tests/dbt/followed_nights.py
says: orders late and delivered again, refunds, log-ins, third users, merges, splits, consents, erasures, loads that are current no more, and dates that move,
stand still or go back. Prints a line for each, with how often which table's rows were replaced; one that fails is made as small as it can be. Exit 1 then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "dbt")]

from followed_nights import drawn, live, shrunk  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    """Live the histories; print one line each, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("histories", nargs="?", type=int, default=50)
    parser.add_argument("--nights", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no history after so long")
    parser.add_argument("--work", type=Path)
    chosen = parser.parse_args()
    begun, lived, wrong, sums = time.monotonic(), 0, 0, Counter[str]()
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        home = Path(folder) / "one"
        for seed in range(chosen.first, chosen.first + chosen.histories):
            if time.monotonic() - begun > 60 * chosen.minutes:
                break
            history = drawn(seed, chosen.nights)
            found, replaced = live(home, history)
            lived, wrong, sums = lived + 1, wrong + bool(found), sums + replaced
            print(f"history {seed}: {'; '.join(found) or 'equal'} {dict(replaced)}", flush=True)
            if found:
                print(
                    f"  smallest: {shrunk(history, lambda shorter: bool(live(home, shorter)[0]))}", flush=True
                )
    print(
        f"{lived} histories of {chosen.nights} nights, {wrong} wrong; rows replaced: {dict(sums)}; {time.process_time():.0f} processor seconds"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
