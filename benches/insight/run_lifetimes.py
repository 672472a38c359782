"""lifetimes' BG/NBD over histories.parquet, in the benchmark's own environment. Prints one JSON line.

Equal histories are grouped first and given as weights, which it supports and is kind to it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter
from measure import Clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("histories", type=Path)
    path = parser.parse_args().histories
    clock = Clock()
    with clock("read and group"):
        groups = pd.read_parquet(path).groupby(["x", "t_x", "T"], as_index=False).size()
        x, t_x, T, customers = (groups[name].to_numpy(float) for name in ("x", "t_x", "T", "size"))
    with clock("fit"):
        fitter = BetaGeoFitter().fit(x, t_x, T, weights=customers)
    with clock("score"):
        alive = np.asarray(fitter.conditional_probability_alive(x, t_x, T))
        expected = np.asarray(fitter.conditional_expected_number_of_purchases_up_to_time(90.0, x, t_x, T))
    figures = {
        **{name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")},
        "log_likelihood": float(-fitter._negative_log_likelihood_ * customers.sum()),
        "mean_alive": float(np.average(alive, weights=customers)),
        "expected_purchase_days_90_days": float(expected @ customers),
    }
    print(json.dumps({**clock.result(), "figures": figures}))


if __name__ == "__main__":
    main()
