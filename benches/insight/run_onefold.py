"""Onefold's models over journeys.parquet: prints a JSON line of seconds per part and credit per model.

The heuristics are numpy over the grouped paths here (in the product they are SQL over touches); all else is the
product's code.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb
import numpy as np
from measure import Clock

from cdp_assets.insight.chain import PathBatch, count_chain
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.markov_shapley import MAX_CHANNELS, markov_shapley_credit
from cdp_assets.insight.paths import read_path_table
from cdp_assets.insight.shapley import shapley_credit


def heuristics(batches: list[PathBatch], n_channels: int) -> dict[str, np.ndarray]:
    """Conversions per channel by first, last, linear, position-based and time decay (half-life one touch)."""
    credited = {
        name: np.zeros(n_channels) for name in ("first", "last", "linear", "position_based", "time_decay")
    }
    for batch in (paths.converting() for paths in batches):
        touches, lengths, conversions = batch.touches, batch.lengths, batch.conversions
        ends = np.cumsum(lengths)
        place = np.arange(len(touches)) - np.repeat(ends - lengths, lengths)
        length, weight = np.repeat(lengths, lengths), np.repeat(conversions, lengths)
        is_end = (place == 0) | (place == length - 1)
        between = np.where(length > 2, 0.2 / np.maximum(length - 2, 1), 0.0)
        ends_share = np.where(length > 2, 0.4, np.where(length == 2, 0.5, 1.0))
        decay = 0.5 ** (length - 1.0 - place)
        shares = {
            "first": place == 0,
            "last": place == length - 1,
            "linear": 1.0 / length,
            "position_based": np.where(is_end, ends_share, between),
            "time_decay": decay / np.repeat(np.add.reduceat(decay, ends - lengths), lengths),
        }
        for name, share in shares.items():
            credited[name] += np.bincount(touches, weights=share * weight, minlength=n_channels)
    return credited


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journeys", type=Path)
    path = parser.parse_args().journeys
    clock = Clock()
    with clock("read and group"):
        con = duckdb.connect()
        con.execute("set threads = 2")
        channels, batches = read_path_table(con, f"read_parquet('{path}')")
        con.close()
    credits: dict[str, list[float]] = {}

    with clock("heuristics"):
        for name, found in heuristics(batches, len(channels)).items():
            credits[name] = found.tolist()

    with clock("count the chain, order 1"):  # for itself, as a peer that knows no other order needs no more
        count_chain(batches, len(channels), 1)
    with clock("count the chain"):
        chain = count_chain(batches, len(channels), 3)
    for order in (1, 2, 3):
        with clock(f"markov_{order}"):
            counts = chain.at_order(order)
            effects = removal_effects(counts)
            credits[f"markov_{order}"] = credit(effects.conversions, float(counts.conversions.sum())).tolist()
            credits[f"markov_{order}_value"] = credit(
                effects.value, float(counts.value.sum()) / 10_000
            ).tolist()

    with clock("shapley"):
        credits["shapley"] = shapley_credit(batches, len(channels)).conversions.tolist()
    if len(channels) <= MAX_CHANNELS:
        with clock("markov_shapley"):
            credits["markov_shapley"] = markov_shapley_credit(chain).conversions.tolist()
    print(json.dumps({**clock.result(), "credits": credits, "channels": channels}))


if __name__ == "__main__":
    main()
