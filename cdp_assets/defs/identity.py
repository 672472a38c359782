"""Identity as Dagster shows it: one asset group per step, each a proposal in the warehouse until it is published."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import duckdb

from cdp_assets import dbt_runner, identity
from cdp_assets.as_of import as_of_date_of_run
from cdp_assets.defs.pictures import picture
from cdp_assets.defs.resources import OnefoldHome, reported
from cdp_assets.identity.scoring.model import current_model_read_only
from cdp_assets.landing.contract import load_contracts
from cdp_assets.operations import pictures
from cdp_assets.state import connect_state
from cdp_assets.warehouse import count_rows, open_warehouse

GROUPS = {
    "evidence": ("decode_signals", "normalise_records", "refuse_bad_evidence", "build_links", "build_nodes"),
    "pairs": ("score_pairs",),
    "customers": (
        "build_clusters",
        "assign_customer_ids",
        "assign_households",
        "build_review_queue",
        "measure_quality",
    ),
}
INPUTS = [
    ["identity", name]
    for name in ("customer_records", "customer_links", "customer_activity", "privacy_signals")
]


def identity_context(home: OnefoldHome, context: dg.AssetExecutionContext) -> identity.IdentityContext:
    """The run's facts and what the channels' contracts say of their evidence."""
    contracts = load_contracts(*home.settings.contract_dirs)
    return identity.IdentityContext(
        key=home.key,
        as_of_date=as_of_date_of_run(home.settings, home.record(context)),
        run_id=context.run.run_id,
        phone_regions={name: c.facts.phone_region for name, c in contracts.items() if c.facts.phone_region},
        verified={name: tuple(c.facts.verified_identifiers) for name, c in contracts.items()},
        own_contacts=tuple(contact for c in contracts.values() for contact in c.facts.own_contacts),
        is_retraining=home.settings.retrain,
        spark=dbt_runner.spark_session(home.settings),
    )


def take_rulings(context: dg.AssetExecutionContext, home: OnefoldHome) -> None:
    """Rulings that stewards made on the pages since the last run count from this one."""
    ruled_on = as_of_date_of_run(home.settings, home.record(context))
    with connect_state(home.settings) as state:
        taken = identity.read_inbox(state, home.settings.home / "rulings_inbox", ruled_on=ruled_on)
    if taken.count:
        context.log.info(f"{taken.count} decisions taken over from the site")
    for reason in taken.refused:
        context.log.warning(f"a decision was not taken: {reason}")
    if taken.unreadable:
        named = ", ".join(taken.unreadable)
        reason = f"decisions in {home.settings.home / 'rulings_inbox'} cannot be read: {named}. Ask who made them to decide again"
        home.record(context).check(
            "identity/decisions_are_readable", passed=False, blocking=False, detail=reason
        )
        context.log.warning(reason)


def _identity_assets(
    name: str, steps: Sequence[identity.Step], upstream: list[list[str]]
) -> dg.AssetsDefinition:
    """The tables of some consecutive steps, made on one connection; rows and the steps' own counts are metadata."""

    @dg.multi_asset(
        name=f"identity_{name}",
        specs=[
            dg.AssetSpec(
                ["identity", table],
                deps=upstream,
                group_name="identity",
                kinds={"python", "duckdb"},
                description=f"{step.description}.",
            )
            for step in steps
            for table in step.tables
        ],
    )
    def make(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        if name == "evidence":
            take_rulings(context, home)
        for step in steps:
            with (
                reported(context, home, f"identity/{step.name}") as report,
                open_warehouse(home.settings) as con,
                dbt_runner.in_engines_words(home.settings),
            ):
                report.metadata |= step.run(con, identity_context(home, context)).counts
                rows = count_rows(con, "identity", step.tables)
                shown = _match_weights(context, home, con) if "models" in step.tables else {}
            for table in step.tables:
                home.record(context).asset(f"identity/{table}", rows=rows[table])
                yield dg.MaterializeResult(
                    asset_key=["identity", table],
                    metadata={
                        **report.metadata,
                        **(shown if table == "models" else {}),
                        "dagster/row_count": rows[table],
                    },
                )

    return make


def _match_weights(
    context: dg.AssetExecutionContext, home: OnefoldHome, con: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    """The weights of the model that scored this run."""

    def draw() -> bytes:
        return pictures.match_weights(current_model_read_only(con, identity_context(home, context)))

    return picture(context, "match weights", draw)


def build_identity_assets() -> list[dg.AssetsDefinition]:
    """Three assets in a row. Few, because dbt is called once more for each that its models wait for."""
    by_name = {step.name: step for step in identity.STEPS}
    upstream, assets = INPUTS, []
    for name, step_names in GROUPS.items():
        steps = [by_name.pop(step_name) for step_name in step_names]
        assets.append(_identity_assets(name, steps, upstream))
        upstream = [["identity", table] for step in steps for table in step.tables]
    if by_name:
        raise ValueError(f"steps of identity that no asset runs: {', '.join(by_name)}; name them in GROUPS")
    return assets
