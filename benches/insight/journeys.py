"""Simulated journeys for the benchmark: one row per journey, its path written as text.

Twenty channels of unequal weight; the next touch depends on the last (a random chain, fixed seed), lengths are
geometric with a mean of four touches and at most thirty, one journey in twenty converts.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

CHANNELS = [f"channel_{number:02d}" for number in range(20)]
AT_ONCE = 500_000


def write_journeys(path: Path, journeys: int, seed: int = 20) -> None:
    """Write a Parquet file (path text, conversions bigint, nulls bigint, value double)."""
    rng = np.random.default_rng(seed)
    first = rng.dirichlet(np.full(len(CHANNELS), 0.8))
    following = np.cumsum(rng.dirichlet(np.full(len(CHANNELS), 0.4), len(CHANNELS)), axis=1)
    con = duckdb.connect()
    con.execute("create table journeys (path text, conversions bigint, nulls bigint, value double)")
    for begin in range(0, journeys, AT_ONCE):
        n = min(AT_ONCE, journeys - begin)
        lengths = np.minimum(rng.geometric(0.25, n), 30)
        touches = _walks(rng, first, following, lengths)
        converts = rng.random(n) < 0.05
        value = np.where(converts, np.round(rng.gamma(2.0, 30.0, n) + 1, 2), 0.0)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        codes = pa.ListArray.from_arrays(offsets, pa.array(touches + 1, pa.int32()))
        rows = pa.table({"codes": codes, "converts": converts, "value": value})  # noqa: F841  (read by DuckDB)
        con.execute(
            "insert into journeys select array_to_string(list_transform(codes, code -> (?::text[])[code]), ' > '), "
            "converts::bigint, (not converts)::bigint, value from rows",
            [CHANNELS],
        )
    con.execute(f"copy journeys to '{path}' (format parquet)")
    con.close()


def _walks(
    rng: np.random.Generator, first: np.ndarray, following: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Touches of all journeys, one journey after the other."""
    steps = np.zeros((len(lengths), int(lengths.max())), dtype=np.int32)
    steps[:, 0] = rng.choice(len(first), len(lengths), p=first)
    for place in range(1, steps.shape[1]):
        draws = rng.random(len(lengths))[:, None]
        steps[:, place] = np.minimum((following[steps[:, place - 1]] < draws).sum(axis=1), len(first) - 1)
    return steps[np.arange(steps.shape[1]) < lengths[:, None]]
