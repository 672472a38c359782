"""Publishing as Dagster shows it: the gates, a new generation, the commit of state, and the flip of the link."""

import json
from functools import partial

import dagster as dg
import duckdb

from cdp_assets import built_from, dbt_manifest, dbt_runner, identity
from cdp_assets.activation.night import run_activation
from cdp_assets.as_of import as_of_date_of_run
from cdp_assets.dbt_classes import classes_of
from cdp_assets.defs.dbt import LAWS
from cdp_assets.defs.resources import OnefoldHome, reported
from cdp_assets.errors import safe_text
from cdp_assets.publishing.commit import publish_run
from cdp_assets.publishing.gates import Refusal
from cdp_assets.rights.corrections import commit_lapses
from cdp_assets.settings import Settings
from cdp_assets.warehouse import open_warehouse

GENERATION = dg.AssetKey(["publish", "generation"])
DOCUMENTATION = dg.AssetKey(["publish", "documentation"])
ACTIVATION = dg.AssetKey(["publish", "activation"])


@dg.asset(
    key=GENERATION,
    deps=[LAWS],
    group_name="publish",
    kinds={"duckdb"},
    description=(
        "A new read-only generation: the gates judge the run by its own record, the marts are copied and checked, "
        "state is committed, and the link `published/current.duckdb` flips."
    ),
)
def generation(context: dg.AssetExecutionContext, home: OnefoldHome) -> dg.MaterializeResult[None]:
    settings, record = home.settings, home.record(context)
    layer = context.job_def.asset_layer
    later = {GENERATION, DOCUMENTATION, ACTIVATION}
    expected_assets = {"/".join(key.path) for key in layer.executable_asset_keys if key not in later}
    graph = layer.asset_graph
    expected_checks = {
        f"{'/'.join(check.asset_key.path)}:{check.name}"
        for check in graph.asset_check_keys
        if graph.get_check_spec(check).blocking
    }
    with reported(context, home, "/".join(GENERATION.path)) as report:
        published = publish_run(
            settings,
            record,
            as_of_date=as_of_date_of_run(settings, record),
            expected_assets=expected_assets,
            expected_checks=expected_checks,
            commits=[partial(commit_identity, settings), commit_value_parameters, commit_lapses],
            gates=[partial(judge_identity_change, settings)],
            contact_classes=classes_of(
                json.loads(dbt_manifest.prepare(settings).read_text(encoding="utf-8")), "contact"
            ),
        )
        built_from.forget_changes(settings)
        report.rows = sum(table.row_count for table in published.tables)
        report.metadata["generation"] = published.name
        report.metadata["tables"] = len(published.tables)
    return dg.MaterializeResult(metadata=report.metadata)


@dg.asset(
    key=DOCUMENTATION,
    deps=[GENERATION],
    group_name="publish",
    kinds={"dbt"},
    description="dbt's documentation of this build (models, columns, lineage) as one static page, linked from the pages.",
)
def documentation(context: dg.AssetExecutionContext, home: OnefoldHome) -> dg.MaterializeResult[None]:
    """What readers see is published by now; a page that cannot be written is no reason to call the run failed."""
    with reported(context, home, "/".join(DOCUMENTATION.path)) as report:
        try:
            page = dbt_runner.write_docs(
                home.settings, as_of_date_of_run(home.settings, home.record(context))
            )
            report.metadata["page"] = dg.MetadataValue.path(page)
        except dbt_runner.DbtProblem as problem:
            context.log.warning(str(problem))
    return dg.MaterializeResult(metadata=report.metadata)


@dg.asset(
    key=ACTIVATION,
    deps=[GENERATION],
    group_name="publish",
    description=(
        "Audiences at their destinations: whoever is meant, consented and can be reached is proposed as files under HOME/activation, "
        "beside what platforms acknowledged; who is no longer desired is removed."
    ),
)
def activation(context: dg.AssetExecutionContext, home: OnefoldHome) -> dg.MaterializeResult[None]:
    """What readers see is published by now: an activation that fails is told of, and the run stays published."""
    record = home.record(context)
    with reported(context, home, "/".join(ACTIVATION.path)) as report:
        try:
            found = run_activation(home.settings, reached=record.progress)
        except Exception as error:
            record.tell(
                "publish/activation",
                f"nothing was proposed: {safe_text(error)}. `onefold activation run` tries again",
            )
            context.log.warning(safe_text(error))
        else:
            for problem in found.problems:
                record.tell("publish/activation", problem)
            report.rows = sum(each.member_count for each in found.lists)
            report.metadata |= {"lists": len(found.lists), "files": found.file_count}
    return dg.MaterializeResult(metadata=report.metadata)


def judge_identity_change(settings: Settings) -> list[Refusal]:
    """The blast radius: a run that would move too many identities is not published, unless that is accepted."""
    if settings.accept_identity_change:
        return []
    with open_warehouse(settings) as con:
        radius = identity.measure_blast_radius(con)
    if radius.is_within_limits:
        return []
    found = (
        f"{'; '.join(radius.limits_broken)} ({radius.customers_before:,} customers before, {radius.customers_after:,} "
        f"after: {radius.created:,} created, {radius.merged:,} merged, {radius.split:,} split, "
        f"{radius.records_moved:,} records moved)"
    )
    command = "train" if settings.retrain else "run"
    remedy = f"Look at `onefold evaluate` and `onefold explain`; if it is right, `onefold {command} --accept-identity-change`"
    return [Refusal("identity", found, remedy)]


def commit_identity(settings: Settings, con: duckdb.DuckDBPyConnection, generation: str) -> None:
    """Identity's proposal becomes its memory."""
    identity.commit_proposal(con, generation, is_change_accepted=settings.accept_identity_change)


def commit_value_parameters(con: duckdb.DuckDBPyConnection, generation: str) -> None:
    """Keep the fitted parameters of this date: they serve tomorrow, should tomorrow's fit fail."""
    con.execute(
        "delete from customer_value_fit where as_of_date in "
        "(select as_of_date from warehouse.insight.customer_value_fit)"
    )
    con.execute("insert into customer_value_fit by name select * from warehouse.insight.customer_value_fit")


publish_assets = [generation, documentation, activation]
