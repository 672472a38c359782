"""What Dagster shows: every table as an asset of its layer, and an order in which nothing runs too early."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.settings import Settings

GROUPS_IN_FLOW_ORDER = [
    "landing",
    "reference",
    "staging",
    "identity",
    "profile",
    "journeys",
    "traits",
    "segments",
    "attribution",
    "scorecard",
    "insight",
    "history",
    "marts",
    "contact",
    "publish",
]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    home = tmp_path_factory.mktemp("definitions") / "home"
    before = os.environ.get("ONEFOLD_HOME")
    os.environ["ONEFOLD_HOME"] = str(home)
    try:
        from cdp_assets import dbt_manifest

        dbt_manifest.prepare(Settings.load())
        from cdp_assets import definitions

        yield definitions.defs
    finally:
        os.environ.pop("ONEFOLD_HOME")
        if before:
            os.environ["ONEFOLD_HOME"] = before


def test_every_asset_stands_in_a_layer_and_says_what_it_is_and_whose(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    made = [graph.get(key) for key in graph.materializable_asset_keys]
    assert {node.group_name for node in made} == set(GROUPS_IN_FLOW_ORDER)
    assert [node.key.to_user_string() for node in made if not (node.description and node.owners)] == []


def test_only_the_inbox_waits_for_nothing(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    roots = [key for key in graph.materializable_asset_keys if not graph.get(key).parent_keys]
    assert [key.to_user_string() for key in roots] == ["landing/inbox"]


def test_publishing_comes_last_and_waits_for_everything(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    generation, *later = (
        dg.AssetKey(["publish", name]) for name in ("generation", "documentation", "activation")
    )
    upstream = dg.AssetSelection.assets(generation).upstream().resolve(graph)
    assert set(graph.materializable_asset_keys) == {*upstream, *later}
    assert all(graph.get(key).parent_keys == {generation} for key in later)


def test_the_nightly_job_makes_every_asset(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("nightly")
    assert (
        job.asset_layer.executable_asset_keys == definitions.resolve_asset_graph().materializable_asset_keys
    )


def test_checks_have_names_of_their_own(definitions: dg.Definitions) -> None:
    counted = Counter(definitions.resolve_asset_graph().asset_check_keys)
    assert len(counted) > 50
    assert max(counted.values()) == 1


def test_no_state_of_the_home_is_in_the_checkout(definitions: dg.Definitions) -> None:
    from cdp_assets.settings import PROJECT_DIR

    assert not Path(os.environ["ONEFOLD_HOME"]).is_relative_to(PROJECT_DIR)
