"""Step 9: figures of this run's identity beside those of all committed ones (identity.quality), and the proposal's seal.

Figures against a known truth are computed in evaluation and kept here; limits belong to blast_radius.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.quality.evaluation import Evaluation
from cdp_assets.identity.tables import has_table
from cdp_assets.sql_text import from_file


def measure_quality(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.quality and seal the proposal (identity.proposal).

    quality: one row per (generation_number, metric, dimension) with its value: state's history and this run's. proposal: one row:
    generation_number, as_of_date, run_id, model_version; commit takes nothing without it.
    """
    con.execute(
        f"""
        create or replace temp table this_proposal as
        select
            (select coalesce(max(generation_number), 0) + 1 from state.identity_generations) as generation_number,
            date '{ctx.as_of_date:%Y-%m-%d}' as as_of_date,
            '{ctx.run_id.replace("'", "")}' as run_id,
            coalesce((select max(model_version) from identity.scored_nodes), 'none') as model_version,
        """
    )
    con.execute(from_file(__name__, "quality"))
    # The seal comes last: without it nothing of this run can be committed.
    con.execute("create or replace table identity.proposal as from this_proposal")
    con.execute("drop table temp.this_proposal")
    rows = con.execute("select count(*) from identity.quality").fetchall()[0][0]
    return StepSummary("measure_quality", {"metrics": rows})


_KEPT_SCORES = (
    "precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1", "exact_clusters", "supported_recall",
)  # fmt: skip


def published_generation(con: duckdb.DuckDBPyConnection) -> int | None:
    """Number of the current generation if the warehouse's ids are its own (con: warehouse with state attached), else None.

    They are not where the last run was refused, stopped on its way or was rolled back.
    """
    if not has_table(con, "proposal"):
        return None
    row = con.execute(
        """
        select g.generation_number from state.identity_generations as g
        join identity.proposal as p on p.generation_number = g.generation_number and p.run_id = g.run_id
        where g.generation_number = (select max(generation_number) from state.identity_generations where not is_withdrawn)
        """
    ).fetchone()
    return None if row is None else int(row[0])


def keep_evaluation(state_con: duckdb.DuckDBPyConnection, found: Evaluation, number: int) -> None:
    """Keep the figures of an evaluation beside those of generation `number` (metrics truth_…).

    Another evaluation of the same generation takes the place of the former. Dimensions: onefold and the two baselines.
    """
    (as_of_date,) = state_con.execute(
        "select as_of_date from identity_generations where generation_number = ?", [number]
    ).fetchall()[0]
    matchings = {"onefold": found.oneid, "phone": found.phone_only, "phone_or_email": found.phone_or_email}
    figures = [
        (f"truth_{measure}", name, getattr(scores, measure))
        for name, scores in matchings.items()
        for measure in _KEPT_SCORES
    ]
    figures += [
        ("truth_trap_precision", "onefold", found.trap_precision),
        ("truth_trap_recall", "onefold", found.trap_recall),
    ]
    state_con.begin()
    try:
        state_con.execute(
            "delete from identity_quality where generation_number = ? and starts_with(metric, 'truth_')",
            [number],
        )
        for metric, dimension, value in figures:
            state_con.execute(
                "insert into identity_quality values (?, ?, ?, ?, ?)",
                [number, as_of_date, metric, dimension, value],
            )
        state_con.commit()
    except BaseException:
        state_con.rollback()
        raise
