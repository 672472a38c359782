"""Run dbt in this process, quietly, and let go of its files afterwards.

Knows nothing of Dagster. The database's messages can quote data, so they are not logged, and passed on without it: a failure
is reported by node, the engine's sentence and the compiled file to look at.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cdp_assets import built_from, dbt_manifest, warehouse_seal
from cdp_assets.dbt_problems import engine_sentence
from cdp_assets.retention_rules import history_days
from cdp_assets.settings import Settings
from cdp_assets.spark.problems import spark_sentence
from cdp_assets.warehouse import open_warehouse

SUCCESSFUL = {"success", "pass", "warn"}
TAG = "onefold_chosen"  # of nodes that one command is to run, for as long as it runs
CHOSEN = ("--select", f"tag:{TAG}", "--indirect-selection", "empty")
ROWS_NAMED = 5  # of a failed test whose rows may be named


class DbtProblem(RuntimeError):
    """dbt could not run or a node failed; the message names nodes and files, never data."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node."""

    unique_id: str
    status: str  # success · pass · warn · error · fail · skipped · …
    seconds: float
    failing_rows: int | None
    reason: str | None
    place: str | None = None
    is_carried: bool = False  # it was built, or passed, before, and what it is made of is the same
    replaced_keys: int | None = (
        None  # of a table that follows its inputs: of so many keys its rows were replaced; None where it was built whole
    )

    @property
    def passed(self) -> bool:
        return self.status in SUCCESSFUL

    @property
    def is_replaced(self) -> bool:
        return self.replaced_keys is not None


def _environment(settings: Settings) -> dict[str, str | None]:
    """The home that dbt's profile and sources read (they read the environment, as dbt projects do)."""
    return {
        "ONEFOLD_HOME": str(settings.home),
        "ONEFOLD_MEMORY_LIMIT": settings.memory_limit,
        "ONEFOLD_THREADS": str(settings.threads),
        "ONEFOLD_REFERENCE": str(settings.reference_dir),
        **dbt_manifest.WITHOUT_TRACKING,
    }


def run_vars(settings: Settings, as_of_date: date | None) -> dict[str, Any]:
    """The variables that every dbt call of a run gets."""
    days = history_days(settings)
    chosen: dict[str, Any] = {
        **({"rfm_inferred_days": days} if days else {}),
        "business_time_zone": settings.business_time_zone,
        "reporting_currency": settings.reporting_currency,
    }
    return chosen if as_of_date is None else {**chosen, "as_of_date": as_of_date.isoformat()}


def invoke(
    settings: Settings,
    arguments: Sequence[str],
    *,
    as_of_date: date | None,
    on_node: Callable[[NodeResult], None] = lambda _: None,
    nodes: Collection[str] = (),
    is_carrying: bool = False,
) -> list[NodeResult]:
    """Run one dbt command (`build`, `test`, `run`, …) and return what became of each node.

    `nodes`: unique ids of what it runs, where the arguments select nothing themselves. `is_carrying`: those of them that would come out as they are
    may be left alone; else everything is built, and what a later run may leave alone is forgotten. A failed node is in the list; only a command that
    could not run at all raises DbtProblem.
    """
    callbacks = [_node_listener(on_node)]
    if settings.engine == "spark":
        return _invoke_on_spark(settings, arguments, as_of_date, callbacks, nodes)
    manifest, chosen = dbt_manifest.for_home(settings), run_vars(settings, as_of_date)
    if not is_carrying:
        warehouse_seal.break_open(settings)
        return _invoke_on_duckdb(settings, arguments, manifest, chosen, callbacks, nodes)
    plan = built_from.plan(settings, manifest, nodes, chosen)
    unchanged = [_left_alone(manifest.nodes[node]) for node in plan.unchanged]
    for each in unchanged:
        on_node(each)
    left = [node for node in nodes if node not in plan.unchanged]
    if not left:
        return unchanged
    planned = {**chosen, "plan": plan.token}
    found = _invoke_on_duckdb(settings, arguments, manifest, planned, callbacks, left)
    built_from.enter_written(settings, plan.token, [each.unique_id for each in found if each.is_carried])
    return unchanged + found


def _invoke_on_duckdb(
    settings: Settings,
    arguments: Sequence[str],
    manifest: Any,
    variables: dict[str, Any],
    callbacks: list[Callable[[Any], None]],
    nodes: Collection[str],
) -> list[NodeResult]:
    # What dbt would write after each command (manifest, results, graph) is known here already.
    command = [*arguments, *(CHOSEN if nodes else ()), "--no-write-json", "--vars", json.dumps(variables)]
    with warehouse_seal.kept(settings), _tagged(manifest, nodes):
        result = _invoke(settings, command, manifest, callbacks)
    return [_node_result(settings, each) for each in _results(result, arguments)]


def _left_alone(node: Any) -> NodeResult:
    """What became of a node that stands as it would be built, and that dbt was not told of."""
    is_judged = node.resource_type == "test"
    return NodeResult(
        node.unique_id,
        "pass" if is_judged else "success",
        0.0,
        0 if is_judged else None,
        None,
        _place(node),
        is_carried=True,
    )


def _place(node: Any) -> str:
    """The node's file in the project; seeds lie beside dbt_project."""
    return os.path.normpath(f"dbt_project/{node.original_file_path}")


def _results(result: Any, arguments: Sequence[str]) -> list[Any]:
    """dbt's results. Of an exposure dbt says "no-op": a page that reads tables is not built."""
    if result.result is None or not hasattr(result.result, "results"):
        raise DbtProblem(f"dbt {arguments[0]} did not run: {_parse_reason(result.exception)}")
    return [each for each in result.result.results if each.node.resource_type != "exposure"]


def _invoke_on_spark(
    settings: Settings,
    arguments: Sequence[str],
    as_of_date: date | None,
    callbacks: list[Callable[[Any], None]],
    nodes: Collection[str],
) -> list[NodeResult]:
    """The same command on Spark; what it built stands in the warehouse afterwards. Everything is built: nothing is carried over."""
    from cdp_assets.spark.models import models_of  # only where it is asked for

    warehouse_seal.break_open(settings)
    manifest, models = dbt_manifest.for_home(settings, dbt_manifest.SPARK), models_of(settings)
    command = [*arguments, *(CHOSEN if nodes else ()), "--target", dbt_manifest.SPARK, "--no-write-json"]
    command += ["--vars", json.dumps(run_vars(settings, as_of_date))]
    with _tagged(manifest, nodes), models.building(manifest, nodes or manifest.nodes):
        result = _invoke(settings, command, manifest, callbacks, dbt_manifest.SPARK)
        found = _results(result, arguments)
        models.take(
            each.node
            for each in found
            if each.node.resource_type in {"model", "seed"} and str(each.status) in SUCCESSFUL
        )
        return [_node_result(settings, each) for each in found]


@contextmanager
def _tagged(manifest: Any, nodes: Collection[str]) -> Iterator[None]:
    """These nodes bear the tag that the command selects by: dbt looks at every node of the project for each name that it is given."""
    for node in nodes:
        manifest.nodes[node].tags.append(TAG)
    try:
        yield
    finally:
        for node in nodes:
            manifest.nodes[node].tags.remove(TAG)


def compiled(
    settings: Settings, as_of_date: date | None, *, target: str, exclude: Sequence[str] = ()
) -> dict[str, Any]:
    """Every model and data test as dbt compiles it for a target (`dbt_manifest.WAREHOUSE` or `SPARK`), by name: dbt's nodes.

    No database is asked, so what reads a built table's columns while it compiles must be excluded.
    """
    command = ["compile", "--target", target, "--no-populate-cache", "--no-write-json"]
    command += ["--exclude", "test_type:unit", *exclude, "--vars", json.dumps(run_vars(settings, as_of_date))]
    result = _invoke(settings, command, dbt_manifest.for_home(settings, target), None)
    if not result.success:
        raise DbtProblem(f"dbt could not compile for {target}: {_parse_reason(result.exception)}")
    return {each.node.name: each.node for each in result.result.results}


def compiled_for(settings: Settings, target: str) -> Path:
    """Where dbt writes what it compiled for a target: an erasure counts cells again by DuckDB's, so Spark's stands apart."""
    return settings.dbt_target_dir if target == dbt_manifest.WAREHOUSE else settings.dbt_target_dir / target


def docs_path(settings: Settings) -> Path:
    """dbt's documentation: one file that needs nothing else."""
    return settings.dbt_target_dir / "static_index.html"


def write_docs(settings: Settings, as_of_date: date | None) -> Path:
    """dbt's documentation of the last build as one static page; returns its path."""
    dbt_manifest.write_for_home(settings)
    command = ["docs", "generate", "--static", "--no-compile"]
    result = _invoke(
        settings,
        [*command, "--vars", json.dumps(run_vars(settings, as_of_date))],
        dbt_manifest.for_home(settings),
        None,
    )
    page = docs_path(settings)
    if not result.success or not page.exists():
        raise DbtProblem(f"dbt could not write its documentation: {_parse_reason(result.exception)}")
    return page


def release() -> None:
    """Close dbt-duckdb's connection, which it keeps for the life of the process; else nobody can open the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()


def spark_session(settings: Settings) -> Any:
    """The open session where the home's engine is Spark; None where it is DuckDB."""
    if settings.engine != "spark":
        return None
    from cdp_assets.spark.models import models_of

    return models_of(settings).session


def in_engines_words(settings: Settings) -> AbstractContextManager[None]:
    """Around what asks Spark something outside dbt: its errors leave in words that quote no data. Nothing on DuckDB."""
    if settings.engine != "spark":
        return nullcontext()
    from cdp_assets.spark.models import models_of

    return models_of(settings).speaking()


def end_engine() -> None:
    """Let go of Spark at the end of a run, where this process opened it."""
    opened = sys.modules.get("cdp_assets.spark.models")
    if opened is not None:
        opened.close()


def _invoke(
    settings: Settings,
    command: list[str],
    manifest: Any,
    callbacks: list[Callable[[Any], None]] | None,
    target: str = dbt_manifest.WAREHOUSE,
) -> Any:
    from dbt.cli.main import dbtRunner

    from cdp_assets.dbt_plugin import use_key

    use_key(settings)
    common = [
        "--project-dir", str(settings.dbt_project_dir),
        "--profiles-dir", str(settings.dbt_project_dir),
        "--target-path", str(compiled_for(settings, target)),
        "--log-path", str(compiled_for(settings, target) / "logs"),
        *dbt_manifest.QUIET,
    ]  # fmt: skip
    try:
        with dbt_manifest.environment(_environment(settings)):
            return dbtRunner(manifest=manifest, callbacks=callbacks or []).invoke([*command, *common])
    finally:
        release()


def _node_listener(on_node: Callable[[NodeResult], None]) -> Callable[[Any], None]:
    def listener(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        info = event.data.node_info
        on_node(
            NodeResult(
                info.unique_id, str(info.node_status), float(event.data.run_result.execution_time), None, None
            )
        )

    return listener


def _node_result(settings: Settings, result: Any) -> NodeResult:
    status, said = str(result.status), result.adapter_response or {}
    if status in {"fail", "warn"} and "remedy" in result.node.config.meta:
        reason = _named_rows(settings, result.node)
    elif status in SUCCESSFUL:
        reason = None
    else:
        reason = _safe_reason(str(result.message or ""), result.node)
    return NodeResult(
        result.node.unique_id,
        status,
        float(result.execution_time),
        result.failures,
        reason,
        place=_place(result.node),
        is_carried=said.get("code") == "unchanged",
        replaced_keys=said.get("rows_affected") if said.get("code") == "replaced" else None,
    )


def _safe_reason(message: str, node: Any) -> str:
    """The engine's sentence without data, and where to look.

    A compilation error speaks of the project's own files and columns (a broken contract, a missing ref): it passes whole.
    """
    kind = re.search(r"\b(?:[A-Z][A-Za-z]+ ){1,2}Error\b", message)
    where = getattr(node, "compiled_path", None) or node.original_file_path
    if kind and kind.group(0) == "Compilation Error":
        return message
    said = engine_sentence(message, getattr(node, "compiled_code", None)) or spark_sentence(message)
    return f"{said or (kind.group(0) if kind else 'failed')}; look at {where}"


def _named_rows(settings: Settings, node: Any) -> str:
    """The rows that failed and what to do. Only for tests whose meta has a `remedy`: their rows hold no customer's value."""
    names, found = _first_rows(settings, node.compiled_code)
    columns = [name.replace("_", " ") for name in names]
    rows = [
        ", ".join(f"{column} {value}" for column, value in zip(columns, row, strict=True)) for row in found
    ]
    return f"{'; '.join(rows)}: {node.config.meta['remedy']}"


def _first_rows(settings: Settings, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and the first rows of a compiled query, from the engine that it was compiled for."""
    if settings.engine == "spark":
        from cdp_assets.spark.models import models_of

        return models_of(settings).rows_of_query(query, ROWS_NAMED)
    with open_warehouse(settings) as con:
        found = con.execute(f"select * from ({query}) limit {ROWS_NAMED}")
        return [column for column, *_ in found.description], found.fetchall()


def _parse_reason(error: BaseException | None) -> str:
    """Parsing reads files of the project only, so dbt's own words are safe to show."""
    return "no reason given" if error is None else f"{type(error).__name__}: {error}"
