"""dbt's models as assets and its tests as checks; Dagster splits the build around the Python assets by itself.

Specs come from the manifest; the bodies call dbt in this process. Laws (`tag:law`) span the split, so they run in an
asset of their own when everything is built.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from cdp_assets import dbt_manifest, dbt_runner
from cdp_assets.as_of import as_of_date_of_run
from cdp_assets.dbt_parking import build_parking
from cdp_assets.dbt_runner import NodeResult
from cdp_assets.defs.pictures import picture
from cdp_assets.defs.resources import OnefoldHome, told
from cdp_assets.errors import Problem
from cdp_assets.identity import STEPS
from cdp_assets.insight.tables import OUTPUT_COLUMNS
from cdp_assets.operations import pictures
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.warehouse import open_warehouse

NOT_IN_BUILD = "tag:law"
LAWS = dg.AssetKey(["publish", "laws"])
RFM = "customer_rfm"  # the mart that is shown with a picture
CARRIED = "carried over: it passed, and nothing that it looks at changed since"
NIGHTLY = "nightly"


def is_whole_night(context: dg.AssetExecutionContext) -> bool:
    """Whether every table gets its turn in this run: only then may one that would come out as it is be left alone."""
    return bool(context.job_name == NIGHTLY)


class OnefoldTranslator(DagsterDbtTranslator):
    """Keys and groups by layer: the folder of a model is its schema (macros/generate_schema_name.sql)."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """What depends on no other node (reference lists, readers of state) waits for landing too.

        The ledger is read after all files landed, and dbt is called once for these and for staging.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("source."):
            return spec
        parents = manifest["parent_map"][unique_id]
        if all(parent.startswith("source.") and ".landing." not in parent for parent in parents):
            landed = [source for source in manifest["sources"].values() if source["source_name"] == "landing"]
            return spec.merge_attributes(deps=[self.get_asset_key(source) for source in landed])
        return spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description") or dbt_resource_props["name"])


TRANSLATOR = OnefoldTranslator(
    DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_code_references=False)
)


def build_dbt_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The dbt models and the laws over them."""
    manifest = dbt_manifest.read(settings)

    @dbt_assets(manifest=manifest, exclude=NOT_IN_BUILD, dagster_dbt_translator=TRANSLATOR, name="dbt_models")
    def dbt_models(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        yield from _build_selected(context, home, manifest)

    python_tables = [["identity", table] for step in STEPS for table in step.tables]
    python_tables += [["insight", table] for table in OUTPUT_COLUMNS]
    return [dbt_models, _laws_asset(manifest, [*sorted(dbt_models.keys), *map(dg.AssetKey, python_tables)])]


def _build_selected(
    context: dg.AssetExecutionContext, home: OnefoldHome, manifest: Mapping[str, Any]
) -> Iterator[Any]:
    """Build the selected models with their tests and yield an output or check result for each."""
    keys = {spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key for spec in context.assets_def.specs}
    checks = {
        spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key for spec in context.assets_def.check_specs
    }
    models = {node: key for node, key in keys.items() if key in context.selected_asset_keys}
    tests = {node: key for node, key in checks.items() if key in context.selected_asset_check_keys}
    settings, record = home.settings, home.record(context)

    def build(nodes: Sequence[str]) -> list[NodeResult]:
        return dbt_runner.invoke(
            settings,
            ["build", "--full-refresh"],
            as_of_date=as_of_date_of_run(settings, record),
            on_node=lambda node: _record_model(record, manifest, node),
            nodes=nodes,
            is_carrying=is_whole_night(context),
        )

    results = build_parking(settings, record, manifest, [*models, *tests], build)
    counts = _row_counts(settings, [manifest["nodes"][node] for node in models])
    for result in results:
        if result.unique_id in models and result.passed:
            name = manifest["nodes"][result.unique_id]["name"]
            yield dg.Output(
                value=None,
                output_name=models[result.unique_id].to_python_identifier(),
                metadata={
                    **_metadata(counts.get(result.unique_id), result),
                    **(_rfm_grid(context, settings) if name == RFM else {}),
                },
            )
            record.asset(
                "/".join(models[result.unique_id].path),
                rows=counts.get(result.unique_id),
                detail=_what_became(name, result),
            )
        elif result.unique_id in tests:
            yield _check_result(record, tests[result.unique_id], result, manifest)
    raise_for_failures(results)


def _what_became(name: str, result: NodeResult) -> str:
    if result.replaced_keys is not None:
        return f"{name}, rows of {result.replaced_keys:,} keys replaced"
    return f"{name}, unchanged" if result.is_carried else name


def _laws_asset(manifest: Mapping[str, Any], upstream: list[dg.AssetKey]) -> dg.AssetsDefinition:
    laws = {
        node_id: node
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] == "test" and "law" in node["tags"]
    }
    specs = [
        dg.AssetCheckSpec(node["name"], asset=LAWS, description=_sentence(node), blocking=True)
        for node in laws.values()
    ]

    @dg.asset(
        key=LAWS,
        deps=upstream,
        group_name="publish",
        kinds={"dbt"},
        check_specs=specs,
        description="The laws of the business over everything that was built; one that fails stops publication.",
    )
    def laws_hold(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        settings, record = home.settings, home.record(context)
        results = dbt_runner.invoke(
            settings,
            ["test"],
            as_of_date=as_of_date_of_run(settings, record),
            nodes=laws,
            is_carrying=is_whole_night(context),
        )
        for result in results:
            yield _check_result(
                record, dg.AssetCheckKey(LAWS, laws[result.unique_id]["name"]), result, manifest
            )
        raise_for_failures(results)
        record.asset("/".join(LAWS.path), rows=len(results))
        yield dg.MaterializeResult(asset_key=LAWS, metadata={"laws": len(results)})

    return laws_hold


def _check_result(
    record: RunRecord, key: dg.AssetCheckKey, result: NodeResult, manifest: Mapping[str, Any]
) -> dg.AssetCheckResult:
    severity = manifest["nodes"][result.unique_id]["config"].get("severity", "error").lower()
    is_blocking = severity == "error"
    held = result.passed and result.status != "warn"
    detail = CARRIED if result.is_carried else None
    if not held:
        detail = f"{result.failing_rows or 0} failing rows; {result.reason or 'warning'}"
    return told(
        record, key, passed=held, blocking=is_blocking, detail=detail,
        metadata={"failing_rows": result.failing_rows or 0, "carried": result.is_carried},
    )  # fmt: skip


def _record_model(record: RunRecord, manifest: Mapping[str, Any], result: NodeResult) -> None:
    """Tell who watches that dbt is getting on; the asset itself is recorded with its rows afterwards."""
    node = manifest["nodes"].get(result.unique_id)
    if node and node["resource_type"] != "test":
        record.progress(f"{node['schema']}/{node['name']}", seconds=result.seconds)


def _row_counts(settings: Settings, nodes: list[Mapping[str, Any]]) -> dict[str, int]:
    """Rows of each built table, and of the marts that are views, in one query on a connection of its own."""
    if not nodes or not settings.warehouse_path.exists():
        return {}
    con = duckdb.connect(str(settings.warehouse_path), read_only=True)
    try:
        countable = set(
            con.execute(
                "select schema_name, table_name from duckdb_tables() "
                "union all select schema_name, view_name from duckdb_views() where schema_name = 'marts'"
            ).fetchall()
        )
        present = [node for node in nodes if (node["schema"], node["alias"]) in countable]
        if not present:
            return {}
        query = " union all ".join(
            f"select {index}, count(*) from {identifier(node['schema'], node['alias'])}"
            for index, node in enumerate(present)
        )
        return {present[index]["unique_id"]: count for index, count in con.execute(query).fetchall()}
    finally:
        con.close()


def _rfm_grid(context: dg.AssetExecutionContext, settings: Settings) -> dict[str, Any]:
    with open_warehouse(settings) as con:
        return picture(context, "RFM grid", lambda: pictures.rfm_grid(con))


def raise_for_failures(results: list[NodeResult]) -> None:
    """Raise a Problem that names each node that failed, and its file; one that was skipped waited for another."""
    failed = [result for result in results if not result.passed and result.status != "skipped"]
    if failed:
        lines = [
            f"  - {result.unique_id}: {result.status}, {result.reason or 'no reason given'}"
            for result in failed
        ]
        files = [result.place for result in failed if result.place]
        raise Problem(
            f"{len(failed)} dbt {'node' if len(failed) == 1 else 'nodes'} failed:\n" + "\n".join(lines),
            ", ".join(dict.fromkeys(files)) or "the run's log",
            "correct what is named there, or the data that it speaks of; then `onefold run`",
        )


def _metadata(rows: int | None, result: NodeResult) -> dict[str, Any]:
    found = {"seconds": round(result.seconds, 3), "carried": result.is_carried}
    return found | ({} if rows is None else {"dagster/row_count": rows})


def _sentence(node: Mapping[str, Any]) -> str:
    return str(node.get("description") or node["name"].replace("_", " "))
