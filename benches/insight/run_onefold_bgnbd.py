"""Onefold's BG/NBD over histories.parquet: read and grouped by DuckDB, fitted, scored. Prints one JSON line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb
import numpy as np
from measure import Clock

from cdp_assets.insight import bgnbd


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("histories", type=Path)
    path = parser.parse_args().histories
    clock = Clock()
    with clock("read and group"):
        con = duckdb.connect()
        con.execute("set threads = 2")
        columns = con.execute(
            "select x::double as x, t_x::double as t_x, T::double as age, count(*)::double as customers "
            "from read_parquet(?) group by all",
            [str(path)],
        ).fetchnumpy()
        histories = bgnbd.Histories(columns["x"], columns["t_x"], columns["age"], columns["customers"])
    with clock("fit"):
        model, log_likelihood = bgnbd.fit(histories)
    with clock("score"):
        alive = bgnbd.probability_alive(model, histories.x, histories.t_x, histories.T)
        ages, at = bgnbd.distinct_ages(histories.x, histories.T)
        expected = bgnbd.expected_if_alive(model, *ages, 90.0)[at] * alive
    figures = {
        "r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b, "log_likelihood": log_likelihood,
        "mean_alive": float(np.average(alive, weights=histories.customers)),
        "expected_purchase_days_90_days": float(expected @ histories.customers),
    }  # fmt: skip
    print(json.dumps({**clock.result(), "figures": figures}))


if __name__ == "__main__":
    main()
