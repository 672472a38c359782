"""Identity as Dagster shows it: one asset group per step, each a proposal in the warehouse until it is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from cdp_assets import linkage
from cdp_assets.as_of import as_of_date_of_run
from cdp_assets.defs.resources import OnefoldHome, reported
from cdp_assets.landing.contract import load_contracts
from cdp_assets.warehouse import count_rows, open_warehouse

INPUTS = [["identity", name] for name in ("customer_records", "customer_links", "customer_activity")]


def identity_context(home: OnefoldHome, context: dg.AssetExecutionContext) -> linkage.LinkageContext:
    """The run's facts and what the channels' contracts say of their evidence."""
    contracts = load_contracts(home.settings.channels_dir)
    return linkage.LinkageContext(
        key=home.key,
        as_of_date=as_of_date_of_run(home.settings, home.record(context)),
        run_id=context.run.run_id,
        phone_regions={name: c.facts.phone_region for name, c in contracts.items() if c.facts.phone_region},
        verified={name: tuple(c.facts.verified_identifiers) for name, c in contracts.items()},
        own_contacts=tuple(contact for c in contracts.values() for contact in c.facts.own_contacts),
    )


def _identity_asset(step: linkage.Step, upstream: list[list[str]]) -> dg.AssetsDefinition:
    """The tables of one step; rows and the step's own counts are metadata."""

    @dg.multi_asset(
        name=f"identity_{step.name}",
        specs=[
            dg.AssetSpec(
                ["identity", table],
                deps=upstream,
                group_name="identity",
                kinds={"python", "duckdb"},
                description=f"{step.description}.",
            )
            for table in step.tables
        ],
    )
    def make(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        with reported(context, home, f"identity/{step.name}") as report, open_warehouse(home.settings) as con:
            report.metadata |= step.run(con, identity_context(home, context)).counts
            rows = count_rows(con, "identity", step.tables)
        for table in step.tables:
            home.record(context).asset(f"identity/{table}", rows=rows[table])
            yield dg.MaterializeResult(
                asset_key=["identity", table], metadata={**report.metadata, "dagster/row_count": rows[table]}
            )

    return make


def build_identity_assets() -> list[dg.AssetsDefinition]:
    """The steps in their order: each waits for the one before."""
    upstream, assets = INPUTS, []
    for step in linkage.STEPS:
        assets.append(_identity_asset(step, upstream))
        upstream = [["identity", table] for table in step.tables]
    return assets
