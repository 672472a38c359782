"""Simulated purchase histories for the benchmark, as BG/NBD imagines them; whole days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

R, ALPHA, A, B = 0.6, 45.0, 0.8, 2.5  # alpha in days
DAYS = 730


def write_histories(path: Path, customers: int, seed: int = 21) -> None:
    """Write a Parquet file (x, t_x, T): one row per customer, T from 1 to two years."""
    rng = np.random.default_rng(seed)
    T = rng.integers(30, DAYS, customers)
    rate, leaving = rng.gamma(R, 1 / ALPHA, customers), rng.beta(A, B, customers)
    x, t_x = np.zeros(customers, dtype=np.int64), np.zeros(customers, dtype=np.int64)
    now, active = np.zeros(customers), np.arange(customers)
    while len(active):
        now[active] += rng.exponential(1.0, len(active)) / np.maximum(rate[active], 1e-9)
        active = active[now[active] <= T[active]]
        day = np.ceil(now[active]).astype(np.int64)
        new_day = day > t_x[active]
        x[active] += new_day
        t_x[active] = np.minimum(np.where(new_day, day, t_x[active]), T[active])
        active = active[rng.random(len(active)) >= leaving[active]]
    pq.write_table(pa.table({"x": x, "t_x": t_x, "T": T}), path)
