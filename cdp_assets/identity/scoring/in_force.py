"""Which model is in force: state's current one, a newly trained one, or the first of a home.

How a model is trained belongs to training, what it is to model; this stands above both.
"""

from __future__ import annotations

import json

import duckdb

from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.scoring import training
from cdp_assets.identity.scoring.model import Model, fitting, match_chance, prior_parameters, propose_model
from cdp_assets.identity.scoring.string_functions import check_engine
from cdp_assets.keys import register_pseudonym


def current_model(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> Model:
    """The model in force: state's current one, else a first one, proposed in identity.models and identity.term_frequencies.

    In: identity.node_evidence, state. A current model is used as it is, night after night; only training makes another.
    """
    register_pseudonym(con, ctx.key)
    check_engine(con)
    _make_proposal_tables(con)
    if ctx.is_retraining:
        return training.train_model(con, ctx)
    row = con.execute(
        "select model_version, origin, parameters from state.identity_models where is_current order by model_version"
    ).fetchone()
    if row is not None:
        return fitting(Model(row[0], row[1], json.loads(row[2]), is_new=False))
    return first_model(con, ctx)


def _make_proposal_tables(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace table identity.models as select * from state.identity_models limit 0")
    con.execute(
        "create or replace table identity.term_frequencies as select * from state.identity_term_frequencies limit 0"
    )


def first_model(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> Model:
    """The prior at this base's scale, with its term frequencies, written to the proposal."""
    node_count = con.execute("select count(*) from identity.node_evidence").fetchall()[0][0]
    if node_count >= ctx.knobs.training_records:
        parameters, report = training.learn_parameters(con, ctx)
        _make_proposal_tables(con)
        if report["passed"]:
            return propose_model(con, ctx, "trained", parameters, report)
    parameters = prior_parameters(match_chance(con), node_count)
    return propose_model(
        con, ctx, "prior", parameters, {"passed": True, "note": "prior model at this base's scale"}
    )
