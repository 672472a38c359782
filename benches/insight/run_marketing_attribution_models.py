"""marketing-attribution-models over journeys.parquet, in the benchmark's own environment. Prints one JSON line.

Its grouped-journey format, grouped by its own library (polars). Conversions are its value column, so credit is
in conversions. Its Markov credit is normalised per journey: its removal effects, normalised, are reported instead.
Shapley at its default size of four channels, which is another game (see WHY_DIFFERENT in bench_insight).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl
from mam import MAM
from measure import Clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journeys", type=Path)
    path = parser.parse_args().journeys
    clock = Clock()
    with clock("read and group"):
        grouped = (
            pl.read_parquet(path)
            .with_columns((pl.col("conversions") > 0).alias("has_conversion"))
            .group_by("path", "has_conversion")
            .agg(pl.len().alias("occurrences"), pl.col("conversions").sum())
        )
    credits: dict[str, dict[str, float]] = {}
    with clock("prepare"):
        mam = MAM(
            grouped,
            "grouped_journey",
            channels_colname="path",
            journey_with_conv_colname="has_conversion",
            occurrences_colname="occurrences",
            conversion_value_colname="conversions",
        )
    runs = {
        "first": mam.run_first_click,
        "last": mam.run_last_click,
        "linear": mam.run_linear,
        "position_based": mam.run_position_based,
        "markov_1": lambda: mam.run_markov(transition_to_same_state=True),
        "shapley": mam.run_shapley,
    }
    for name, run in runs.items():
        with clock(name):
            result = run()
            found = result.to_dict()
        key = "channels" if "channels" in found else "attribution_channel"
        credits[name] = {str(c): float(a) for c, a in zip(found[key], found["attribution"], strict=True)}
        if name == "markov_1":
            effects = result.metadata["removal_effect"]["removal_effect"]
            credits[name] = (effects / effects.sum() * sum(credits["first"].values())).to_dict()
    print(json.dumps({**clock.result(), "credits": credits}))


if __name__ == "__main__":
    main()
