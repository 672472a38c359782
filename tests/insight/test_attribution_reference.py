"""Every attribution model agrees with the reference answers over 20,000 journeys."""

from __future__ import annotations

from pathlib import Path

import heuristics_reference
import numpy as np
import pandas as pd
import pytest
from builders import batch_of

from cdp_assets.insight import markov
from cdp_assets.insight.chain import VALUE_UNITS, ChainCounts, PathBatch, count_chain
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.shapley import shapley_credit


@pytest.fixture(scope="module")
def reference(shared_dir: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    paths = pd.read_csv(shared_dir / "reference" / "attribution_paths.csv")
    paths["path"] = paths["path"].str.split(" > ")
    expected = pd.read_csv(shared_dir / "reference" / "attribution_expected.csv").set_index("channel")
    return paths, expected


@pytest.fixture(scope="module")
def batch(reference: tuple[pd.DataFrame, pd.DataFrame]) -> PathBatch:
    paths, expected = reference
    number = {channel: place for place, channel in enumerate(expected.index)}
    columns = ["path", "total_conversions", "total_null", "total_conversion_value"]
    return batch_of(
        [
            ([number[channel] for channel in path], conversions, nulls, round(value, 4))
            for path, conversions, nulls, value in paths[columns].itertuples(index=False)
        ]
    )


@pytest.fixture(scope="module")
def chain(batch: PathBatch) -> ChainCounts:
    return count_chain([batch], n_channels=8, order=3)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("dense_states", [markov.DENSE_STATES, 0], ids=["dense", "krylov"])
def test_markov_agrees_to_1e_9(
    order: int,
    dense_states: int,
    chain: ChainCounts,
    reference: tuple[pd.DataFrame, pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(markov, "DENSE_STATES", dense_states)
    expected = reference[1]
    counts = chain.at_order(order)
    effects = removal_effects(counts)
    value = counts.value.sum() / VALUE_UNITS
    for found, column in [
        (effects.conversions, f"markov{order}_re_conv"),
        (effects.value, f"markov{order}_re_value"),
        (credit(effects.conversions, counts.conversions.sum()), f"markov{order}_conv"),
        (credit(effects.value, value), f"markov{order}_value"),
    ]:
        assert np.abs(found - expected[column]).max() < 1e-9, column


def test_shapley_agrees_to_1e_9(batch: PathBatch, reference: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    expected = reference[1]
    found = shapley_credit([batch], n_channels=8)
    assert np.abs(found.conversions - expected["shapley_zhao_conv"]).max() < 1e-9
    assert np.abs(found.value / VALUE_UNITS - expected["shapley_zhao_value"]).max() < 1e-9


@pytest.mark.parametrize("model", list(heuristics_reference.MODELS))
def test_the_heuristics_reference_agrees_to_1e_9(
    model: str, reference: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    paths, expected = reference
    for amounts, column in [
        (paths["total_conversions"], f"{model}_conv"),
        (paths["total_conversion_value"], f"{model}_value"),
    ]:
        found = heuristics_reference.credit_by_channel(paths["path"], amounts, model)
        assert max(abs(found[channel] - expected.at[channel, column]) for channel in expected.index) < 1e-9
