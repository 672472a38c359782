"""Onefold's own matching in a scratch home, with its one configuration."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from cdp_assets import identity
from cdp_assets.identity.scoring import pairs
from cdp_assets.identity.scoring.in_force import current_model
from cdp_assets.identity.scoring.model import Model
from cdp_assets.keys import DEMO_KEY
from cdp_assets.state import SCHEMA_DIR

REGIONS = {
    "shopify": "US",
    "square": "US",
    "loyalty": "US",
    "mailchimp": "US",
    "amazon": "US",
    "youzan": "CN",
}

_IS_NEW = "hash(channel, source_customer_id) % 100 = 0"


def match(
    con: duckdb.DuckDBPyConnection, *, is_night: bool = False, publish_probability: float | None = None
) -> dict[str, float]:
    """Write table clusters (channel, source_customer_id, cluster); returns processor seconds per step.

    is_night: a first run without one record in a hundred is committed, and what is measured is the run that finds them new.
    publish_probability: another publishing threshold than the default (from 0 to 1); review begins no higher.
    """
    con.execute("attach if not exists ':memory:' as state")
    catalog = con.execute("select current_database()").fetchall()[0][0]
    con.execute("use state")
    con.execute((SCHEMA_DIR / "020_identity.sql").read_text())
    con.execute(f"use {catalog}")
    context = identity.IdentityContext(
        DEMO_KEY, date(2030, 1, 1), "bench", REGIONS, knobs=_knobs(publish_probability)
    )
    if is_night:
        con.execute("create table arrived as from identity.customer_records")
        con.execute(f"delete from identity.customer_records where {_IS_NEW}")
        identity.run_all(con, context)
        con.execute("use state")
        identity.commit_proposal(con, "first", build=catalog)
        con.execute(f"use {catalog}")
        con.execute(f"insert into identity.customer_records from arrived where {_IS_NEW}")
    seconds = {}
    for step in identity.STEPS:
        start = time.process_time()
        if step.name == "score_pairs":
            # The first run trains the model that all later ones score with: counted apart.
            model = current_model(con, context)
            setattr(pairs, "current_model", partial(_same, model))  # noqa: B010
            seconds["train"], start = time.process_time() - start, time.process_time()
        step.run(con, context)
        seconds[step.name] = time.process_time() - start
    setattr(pairs, "current_model", current_model)  # noqa: B010
    con.execute(
        "create or replace table clusters as select channel, source_customer_id, customer_id as cluster from identity.customer_ids"
    )
    return seconds


def _knobs(publish: float | None) -> identity.IdentityKnobs:
    usual = identity.IdentityKnobs()
    if publish is None:
        return usual
    return replace(
        usual, publish_probability=publish, review_probability=min(publish, usual.review_probability)
    )


def _same(model: Model, *_: object) -> Model:
    return model


def evaluate_retailer(con: duckdb.DuckDBPyConnection, truth: Path) -> identity.Evaluation:
    """Supported pairs and traps, which only the simulator's truth knows."""
    return identity.evaluate(con, DEMO_KEY, truth)
