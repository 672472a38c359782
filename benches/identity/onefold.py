"""Onefold's own matching in a scratch home, with its one configuration."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets import linkage
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


def match(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Write table clusters (channel, source_customer_id, cluster); returns seconds per step."""
    con.execute("attach if not exists ':memory:' as state")
    catalog = con.execute("select current_database()").fetchall()[0][0]
    con.execute("use state")
    con.execute((SCHEMA_DIR / "020_identity.sql").read_text())
    con.execute(f"use {catalog}")
    context = linkage.LinkageContext(DEMO_KEY, date(2030, 1, 1), "bench", REGIONS)
    seconds = {}
    for step in linkage.STEPS:
        start = time.perf_counter()
        step.run(con, context)
        seconds[step.name] = time.perf_counter() - start
    con.execute(
        "create or replace table clusters as select channel, source_customer_id, customer_id as cluster from identity.customer_ids"
    )
    return seconds


def evaluate_retailer(con: duckdb.DuckDBPyConnection, truth: Path) -> linkage.Evaluation:
    """Supported pairs and traps, which only the simulator's truth knows."""
    return linkage.evaluate(con, DEMO_KEY, truth)
