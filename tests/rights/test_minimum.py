"""What is collected and what reads it: lineage by names, what landing needs, and a proposal that works as it is pasted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets import audit, opened
from cdp_assets.landing.contract import ContractProblem, load_contract
from cdp_assets.project.place import SHIPPED_CHANNELS
from cdp_assets.rights import minimum
from cdp_assets.rights.lineage import lineage, read_sql
from cdp_assets.rights.requests import RequestProblem
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import contract_of, deliver, land, landed

STAGING = """
with rows as (select *, trim(zip) as postcode from landing.orders where voided is null),
renamed as (select order_id, lower(email) as contact, postcode, row_number() over (partition by order_id order by seen_at) as n from rows)
select order_id, contact, postcode from renamed qualify n = 1
"""


def test_a_column_is_made_of_whatever_its_expressions_name() -> None:
    model = read_sql(STAGING)
    assert model.sources_of("contact") == {"contact", "email"}
    assert model.sources_of("postcode") == {"postcode", "zip"}
    assert {"voided", "seen_at", "n"} <= model.deciding()
    assert "note" not in model.deciding() and "email" not in model.deciding()


@pytest.mark.parametrize(
    ("sql", "deciding"),
    [
        (
            "select distinct on (order_id) order_id, email from landing.orders order by order_id, seen_at desc",
            {"order_id", "seen_at"},
        ),
        (
            "select count(*) as n from (select distinct order_id, lower(email) as contact from landing.orders)",
            {"order_id", "email"},
        ),
        ("select order_id from landing.orders order by seen_at limit 10", {"seen_at"}),
        ("select order_id from landing.orders order by seen_at", set()),
    ],
)
def test_what_tells_one_row_from_another_or_keeps_the_first_decides(sql: str, deciding: set[str]) -> None:
    assert deciding == read_sql(sql).deciding() & {"order_id", "email", "seen_at"}


def manifest(tmp_path: Path, models: dict[str, tuple[str, list[str], list[str], str]]) -> dict[str, Any]:
    nodes = {}
    for name, (schema, parents, columns, sql) in models.items():
        path = tmp_path / "onefold" / "models" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql)
        nodes[f"model.{name}"] = {
            "resource_type": "model", "name": name, "schema": schema, "package_name": "onefold", "original_file_path": f"models/{name}.sql",
            "columns": {column: {} for column in columns}, "depends_on": {"nodes": parents},
        }  # fmt: skip
    return {"nodes": nodes, "sources": {}}


def test_lineage_follows_a_column_into_marts_and_takes_a_model_whole_that_it_cannot_read(
    tmp_path: Path,
) -> None:
    found = lineage(
        manifest(tmp_path, {
            "stg": ("staging", ["source.a"], ["order_id", "contact", "postcode"], STAGING),
            "mart": ("marts", ["model.stg"], ["who"], "select contact as who from stg"),
        }),
        tmp_path, {"source.a": ["order_id", "email", "zip", "note", "voided"]},
    )  # fmt: skip
    assert ("model.mart", "who") in found.reached_from([("source.a", "email")])
    assert ("model.mart", "who") not in found.reached_from([("source.a", "zip")])
    assert found.reached_from([("source.a", "note")]) == {("source.a", "note")}
    assert (
        found.deciders.get(("source.a", "voided")) == {"model.stg"}
        and ("source.a", "note") not in found.deciders
    )
    (tmp_path / "onefold" / "models" / "mart.sql").write_text("select from where )")
    again = lineage(
        manifest(tmp_path, {"mart": ("marts", ["source.a"], ["who"], "select )(")}),
        tmp_path,
        {"source.a": ["note"]},
    )
    assert again.unreadable == ["mart"] and ("model.mart", "who") in again.reached_from(
        [("source.a", "note")]
    )


def test_what_is_not_collected_does_not_land_and_breaks_no_row(settings: Settings) -> None:
    columns = (
        {"name": "id", "physicalName": "id", "primaryKey": True},
        {
            "name": "note",
            "classification": "core",
            "facts": {"collected": False},
        },
        {
            "name": "age",
            "logicalType": "integer",
            "facts": {"collected": False},
        },
    )
    deliver(settings, "shop/a.csv", "id,note,age\n1,called at night,old\n")
    report = land(settings, contract_of({}, *columns))
    assert (report.exports[0].landed_rows, report.exports[0].quarantined_rows) == (1, 0)
    assert landed(settings, "shop", "sales", "id, note, age") == [("1", None, None)]


@pytest.mark.parametrize("channel", sorted(path.stem for path in SHIPPED_CHANNELS.glob("*.yaml")))
def test_a_proposal_for_any_shipped_contract_says_just_that(channel: str, tmp_path: Path) -> None:
    path = SHIPPED_CHANNELS / f"{channel}.yaml"
    contract = load_contract(path)
    leave_out = [
        minimum.Collected(channel, export.name, column.name, column.classification, True)
        for export in contract.exports
        for column in export.properties
        if column.name not in minimum.needed_by_landing(export)
    ][::3]
    (tmp_path / f"{channel}.yaml").write_text(
        minimum.propose(path.read_text(encoding="utf-8"), leave_out), encoding="utf-8"
    )
    made = load_contract(tmp_path / f"{channel}.yaml")
    left = [(e.name, c.name) for e in made.exports for c in e.properties if not c.facts.collected]
    assert left == [(each.export, each.column) for each in leave_out]
    assert minimum.propose(path.read_text(encoding="utf-8"), []) == path.read_text(encoding="utf-8")


def test_what_landing_needs_cannot_be_left_out(settings: Settings, tmp_path: Path) -> None:
    text = (SHIPPED_CHANNELS / "shopify.yaml").read_text(encoding="utf-8")
    (tmp_path / "shopify.yaml").write_text(
        minimum.propose(text, [minimum.Collected("shopify", "orders", "order_id", "internal", True)]),
        encoding="utf-8",
    )
    with pytest.raises(ContractProblem, match="order_id is not collected"):
        load_contract(tmp_path / "shopify.yaml")
    with pytest.raises(RequestProblem, match="not found as a line"):
        minimum.propose(text, [minimum.Collected("shopify", "orders", "shoe_size", "core", True)])
    with pytest.raises(RequestProblem, match="nothing was built yet"):
        minimum.survey(settings)


@pytest.fixture
def surveyed(settings: Settings) -> Settings:
    """A build of one export: a mart that pages read, and one that nobody does, whose staging model goes by the payment's id."""
    folder = settings.dbt_target_dir / "compiled"
    found = manifest(folder, {
        "stg": ("staging", ["source.s"], ["order_id", "net"], "select order_id, lineitem_price as net from landing where fulfilled_at is null"),
        "orders": ("marts", ["model.stg"], ["order_id", "net_revenue"], "select order_id, net as net_revenue from stg"),
        "stg_gadgets": ("staging", ["source.s"], ["owed"], "select outstanding_balance as owed from landing where payment_id is not null"),
        "gadgets": ("marts", ["model.stg_gadgets"], ["owed_amount"], "select owed as owed_amount from stg_gadgets"),
    })  # fmt: skip
    found["sources"] = {
        "source.s": {"config": {"meta": {"channel": "shopify", "export": "orders"}}, "columns": {}}
    }
    (settings.dbt_target_dir / "manifest.json").write_text(json.dumps(found))
    return settings


def by_name(settings: Settings) -> dict[str, minimum.Collected]:
    return {each.column: each for each in minimum.survey(settings)}


def test_a_survey_says_who_reads_a_column_and_state_remembers_it(surveyed: Settings) -> None:
    found = by_name(surveyed)
    assert found["lineitem_price"].marts == {"orders.net_revenue"} and found["lineitem_price"].pages
    assert found["order_id"].used_by >= {"landing"} and found["fulfilled_at"].used_by == {"stg"}
    assert not found["notes"].is_used and found["notes"] in minimum.unused(found.values())
    minimum.remember(surveyed, list(found.values()))
    with connect_state(surveyed, read_only=True) as con:
        assert con.execute(
            "select is_used, marts, last_used from collected_columns where column_name = 'notes'"
        ).fetchall() == [(False, None, None)]


def test_what_only_a_mart_holds_that_nobody_reads_is_not_used(
    surveyed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = by_name(surveyed)
    assert found["outstanding_balance"].marts == {"gadgets.owed_amount"}
    assert not found["outstanding_balance"].is_used and not found["payment_id"].is_used
    assert [each.column for each in minimum.published_only(found.values())] == ["outstanding_balance"]
    assert found["payment_id"] in minimum.unused(found.values())
    audit.append(surveyed, "ana", "query", sql="select owed_amount from marts.gadgets")
    found = by_name(surveyed)
    assert found["outstanding_balance"].used_by == {"queries"} and found["payment_id"].used_by == {
        "stg_gadgets"
    }
    assert found["outstanding_balance"].last_read == datetime.now(UTC).date()
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "acme.yaml").write_text("from: gadgets\nsums: [{column: owed_amount}]\n")
    shares = minimum.shares_in(tmp_path / "share")
    monkeypatch.setattr(minimum, "shares_in", lambda folder: shares)
    assert by_name(surveyed)["outstanding_balance"].used_by == {"queries", "share"}


def test_a_page_that_was_opened_was_read_on_that_day(surveyed: Settings) -> None:
    assert by_name(surveyed)["lineitem_price"].last_read is None
    opened.note(surveyed, "overview")
    found = by_name(surveyed)
    assert "overview" in found["lineitem_price"].pages
    assert found["lineitem_price"].last_read == datetime.now(UTC).date()
    assert found["fulfilled_at"].last_read is None and found["notes"].last_read is None
