"""What columns inherit: landed tables of the contracts, staging models of the shapes, descriptions of the doc blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.contracts.graph.nodes import ColumnInfo

from cdp_assets import dbt_manifest
from cdp_assets.dbt_columns import inherit
from cdp_assets.landing.contract import load_contracts
from cdp_assets.project.place import SHIPPED_CHANNELS
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.shapes import shapes


@pytest.fixture(scope="module")
def contracts() -> Any:
    return load_contracts(SHIPPED_CHANNELS)


def parsed(*models: tuple[str, dict[str, str]], sources: tuple[dict[str, str], ...] = ()) -> Any:
    """What dbt makes of models (name, {column: description}) and sources (their meta), with doc blocks for `channel` and `order_id`."""
    return SimpleNamespace(
        metadata=SimpleNamespace(project_name="onefold"),
        docs={
            f"doc.onefold.{name}": SimpleNamespace(
                unique_id=f"doc.onefold.{name}", block_contents=f"What {name} is."
            )
            for name in ("channel", "order_id")
        },
        nodes={
            name: SimpleNamespace(
                name=name,
                resource_type="model",
                columns={column: ColumnInfo(column, text) for column, text in columns.items()},
            )
            for name, columns in models
        },
        sources={
            str(number): SimpleNamespace(
                config=SimpleNamespace(meta=meta), columns={"own": ColumnInfo("own")}
            )
            for number, meta in enumerate(sources)
        },
    )


def test_a_landed_table_has_the_columns_of_its_contract(contracts: Any) -> None:
    found = parsed(sources=({"channel": "shopify", "export": "customers"}, {"channel": "till"}, {}))
    inherit(found, contracts)
    customers, unknown, other = (source.columns for source in found.sources.values())
    assert list(customers)[:2] == ["customer_id", "first_name"] and list(customers)[-1] == "_part"
    assert customers["first_name"].config.meta == {"classification": "core"}
    assert (customers["total_orders"].data_type, customers["province"].description) == (
        "bigint",
        "Only in the older header.",
    )
    assert list(unknown) == list(other) == ["own"]


def test_a_pseudonym_of_a_natural_key_is_a_column_too(contracts: Any) -> None:
    found = parsed(sources=({"channel": "youzan", "export": "customers"},))
    inherit(found, contracts)
    assert found.sources["0"].columns["_key_customer"].meta == {"classification": "sensitive"}


def test_a_staging_model_has_the_columns_of_its_shape_and_may_say_more_of_one(contracts: Any) -> None:
    found = parsed(("stg_till__orders", {"order_id": "The receipt's number.", "till": "Which till."}))
    inherit(found, contracts)
    columns = found.nodes["stg_till__orders"].columns
    assert list(columns) == [*shapes()["orders"].types, "till"]
    assert (columns["order_id"].description, columns["channel"].description) == (
        "The receipt's number.",
        "What channel is.",
    )


def test_a_column_without_a_description_has_that_of_the_doc_block_of_its_name(contracts: Any) -> None:
    found = parsed(("orders_of_nobody", {"channel": "", "order_id": "Ours.", "else": ""}))
    inherit(found, contracts)
    columns = found.nodes["orders_of_nobody"].columns
    assert {name: column.description for name, column in columns.items()} == {
        "channel": "What channel is.",
        "order_id": "Ours.",
        "else": "",
    }
    assert columns["channel"].doc_blocks == ["doc.onefold.channel"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """A project of its own whose files are links to the clone's, so that nothing is copied, with a folder for its own contracts."""
    (tmp_path / "channels").mkdir()
    for name in ("dbt_project", "data"):
        (tmp_path / name).symlink_to(PROJECT_DIR / name)
    yield Settings(project=tmp_path, home=tmp_path / "home", key="test-key-of-at-least-thirty-two-bytes")


def test_a_contract_that_changed_makes_the_parsed_project_stale(own: Settings) -> None:
    before = dbt_manifest._digest(own)
    (own.project_dir / "channels" / "till.yaml").write_text("kind: DataContract\n")
    assert dbt_manifest._digest(own) != before
