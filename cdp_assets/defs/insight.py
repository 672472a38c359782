"""Numeric insight as Dagster shows it: attribution by chain and coalition, and customer value."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from cdp_assets import built_from, insight, warehouse_seal
from cdp_assets.as_of import as_of_date_of_run
from cdp_assets.dbt_vars import project_vars
from cdp_assets.defs.dbt import is_whole_night
from cdp_assets.defs.resources import OnefoldHome, Report, reported
from cdp_assets.insight.tables import COMPUTED_MODELS, OUTPUT_COLUMNS, TOUCHES, heuristic_models
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import count_rows, open_warehouse

ATTRIBUTION = [name for name in OUTPUT_COLUMNS if name.startswith("attribution_")]
CUSTOMER_VALUE = [name for name in OUTPUT_COLUMNS if name.startswith("customer_value")]


def _specs(tables: list[str], deps: list[list[str]], description: str) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            ["insight", table],
            deps=deps,
            group_name="insight",
            kinds={"python", "duckdb"},
            description=description,
        )
        for table in tables
    ]


def _made(
    context: dg.AssetExecutionContext,
    home: OnefoldHome,
    tables: list[str],
    rows: dict[str, int],
    report: Report,
) -> Iterator[Any]:
    for table in tables:
        home.record(context).asset(f"insight/{table}", rows=rows[table])
        yield dg.MaterializeResult(
            asset_key=["insight", table], metadata={**report.metadata, "dagster/row_count": rows[table]}
        )


@dg.multi_asset(
    name="insight_customer_value",
    specs=_specs(
        CUSTOMER_VALUE,
        [["journeys", "customer_purchase_days"]],
        "BG/NBD and Gamma-Gamma by maximum likelihood: expected orders, probability alive, discounted value.",
    ),
)
def customer_value(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
    """Customer value; yesterday's parameters serve where today's fit fails, and a warning says so."""
    record = home.record(context)
    as_of_date = as_of_date_of_run(home.settings, record)
    with connect_state(home.settings, read_only=True) as state:
        previous = insight.read_previous_parameters(state, as_of_date)
    with reported(context, home, "insight/customer_value") as report, open_warehouse(home.settings) as con:
        done = insight.compute_customer_value(con, as_of_date, previous)
        report.metadata |= {
            "customers": done.customers,
            **{f"{m}_status": s for m, s in done.statuses.items()},
        }
        rows = count_rows(con, "insight", CUSTOMER_VALUE)
    for warning in done.warnings:
        context.log.warning(warning)
    yield from _made(context, home, CUSTOMER_VALUE, rows, report)


def compute_attribution_if_changed(
    con: duckdb.DuckDBPyConnection, as_of_date: date, *, drop_direct: bool, carries: bool
) -> dict[str, Any]:
    """Counts of what was computed; the tables stay as they are where paths, models, settings and code are the same (and the night `carries`)."""
    step, inputs = "insight/attribution", None
    if carries:
        read = [TOUCHES, *(f"attribution.attribution_{model}" for model in heuristic_models(con))]
        code = built_from.digest_of_code(Path(insight.__file__).parent, "numpy", "scipy", "pandas")
        inputs = built_from.step_inputs(con, read, code, drop_direct)
        if built_from.is_step_same(con, step, inputs):
            return {"carried": True}
    done = insight.compute_attribution(con, as_of_date, drop_direct=drop_direct)
    if carries:
        built_from.enter_step(con, step, inputs)
    unavailable = {f"unavailable_{model}": reason for model, reason in done.unavailable.items()}
    return {"conversions": done.conversions, "null_paths": done.null_paths, **unavailable}


def build_insight_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Attribution waits for every model on the list that SQL computes: each gets its intervals."""
    project = project_vars(settings.dbt_project_dir)
    listed = project["attribution_models"]
    heuristics = [["attribution", f"attribution_{model}"] for model in listed if model not in COMPUTED_MODELS]

    @dg.multi_asset(
        name="insight_attribution",
        specs=_specs(
            ATTRIBUTION,
            [["journeys", "path_touches"], *heuristics],
            "Markov and Shapley credit, with intervals by bootstrap; exact, over dbt's paths.",
        ),
    )
    def attribution(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        """Credit per conversion and touch for the models that SQL says badly, and global credit per period."""
        as_of_date = as_of_date_of_run(home.settings, home.record(context))
        carries = is_whole_night(context) and warehouse_seal.is_whole(home.settings)
        with reported(context, home, "insight/attribution") as report, open_warehouse(home.settings) as con:
            report.metadata |= compute_attribution_if_changed(
                con, as_of_date, drop_direct=project["attribution_drop_direct"], carries=carries
            )
            rows = count_rows(con, "insight", ATTRIBUTION)
        yield from _made(context, home, ATTRIBUTION, rows, report)

    return [attribution, customer_value]
