"""ChannelAttribution's models over journeys.parquet, in the benchmark's own environment. Prints one JSON line.

Paths are grouped first, as its documentation has them; its defaults, silent.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from pathlib import Path

import pandas as pd
from measure import Clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journeys", type=Path)
    path = parser.parse_args().journeys
    clock = Clock()
    with contextlib.redirect_stdout(io.StringIO()):
        from ChannelAttribution import heuristic_models, markov_model
    with clock("read and group"):
        paths = pd.read_parquet(path).groupby("path", as_index=False).sum()
    credits: dict[str, dict[str, float]] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        with clock("heuristics"):
            found = heuristic_models(paths, "path", "conversions", var_value="value", flg_pro=False)
        for name in ("first", "last", "linear"):
            column = {"first": "first_touch", "last": "last_touch", "linear": "linear_touch"}[name]
            columns = [c for c in found.columns if c.startswith(column)]
            credits[name] = dict(zip(found["channel_name"], found[columns[0]], strict=True))
        for order in (1, 2, 3):
            with clock(f"markov_{order}"):
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
            credits[f"markov_{order}"] = dict(
                zip(found["channel_name"], found["total_conversions"], strict=True)
            )
    print(json.dumps({**clock.result(), "credits": credits}))


if __name__ == "__main__":
    main()
