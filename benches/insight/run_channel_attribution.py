"""ChannelAttribution's models over journeys.parquet, in the benchmark's own environment. Prints one JSON line.

Paths are grouped first, as its documentation has them; its defaults, silent.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import time
from pathlib import Path

import pandas as pd
from measure import peak_memory_mb


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journeys", type=Path)
    path = parser.parse_args().journeys
    with contextlib.redirect_stdout(io.StringIO()):
        from ChannelAttribution import heuristic_models, markov_model
    begin = time.perf_counter()
    paths = pd.read_parquet(path).groupby("path", as_index=False).sum()
    seconds = {"read and group": time.perf_counter() - begin}
    credits: dict[str, dict[str, float]] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        begin = time.perf_counter()
        found = heuristic_models(paths, "path", "conversions", var_value="value", flg_pro=False)
        seconds["heuristics"] = time.perf_counter() - begin
        for name in ("first", "last", "linear"):
            column = {"first": "first_touch", "last": "last_touch", "linear": "linear_touch"}[name]
            columns = [c for c in found.columns if c.startswith(column)]
            credits[name] = dict(zip(found["channel_name"], found[columns[0]], strict=True))
        for order in (1, 2, 3):
            begin = time.perf_counter()
            found = markov_model(
                paths,
                "path",
                "conversions",
                var_value="value",
                var_null="nulls",
                order=order,
                verbose=False,
                flg_pro=False,
            )
            seconds[f"markov_{order}"] = time.perf_counter() - begin
            credits[f"markov_{order}"] = dict(
                zip(found["channel_name"], found["total_conversions"], strict=True)
            )
    print(json.dumps({"seconds": seconds, "credits": credits, "memory_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main()
