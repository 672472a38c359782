"""Persons of the simulated retailer who ask: a file that the ledger takes, with its truth, and no delivered file that is another for it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cdp_assets.demo import SimulationReport
from cdp_assets.demo.asking import FILE, KINDS, write_requests
from cdp_assets.rights.importing import read_requests


def test_who_asks_is_drawn_from_who_is_there_and_the_truth_says_whom_it_covers(
    demo: SimulationReport,
) -> None:
    """One asks twice, and one is nobody: what the ledger reads and what the truth says are the same requests."""
    text = (demo.out / FILE).read_text(encoding="utf-8")
    asked = read_requests(text, FILE)
    truth = duckdb.sql(f"from '{demo.out}/truth/requests.parquet'")
    rows = truth.project(
        "request_id, kind, coalesce(record, email), why, person_id, supported_records, unread_rows"
    ).fetchall()
    assert [(each.request_id, each.kind, each.identities[0].value) for each in asked] == [
        row[:3] for row in rows
    ]
    assert [row[3] for row in rows] == ["asks"] * len(KINDS) + ["again", "unknown", "unread"]
    assert rows[-3][4] == rows[0][4] and rows[-2][4:] == (None, 0, 0) and rows[-1][4:] == (None, 0, 1)
    assert rows[0][6] == 1, "the first who asks stands on the list, too"
    people = {row[4] for row in rows[: len(KINDS)]}
    assert len(people) == len(KINDS) and all(row[5] >= 2 for row in rows[:-2])
    known = duckdb.sql(
        f"select channel || '/' || source_customer_id, person_id from '{demo.out}/truth/records.parquet'"
    )
    assert {(row[2], row[4]) for row in rows[:-2]} <= set(known.fetchall())


def test_the_same_retailer_is_asked_by_the_same_persons(demo: SimulationReport, tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    for name in ("records.parquet", "leads.parquet"):
        (tmp_path / "truth" / name).symlink_to(demo.out / "truth" / name)
    with duckdb.connect() as con:
        write_requests(con, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (demo.out / FILE).read_bytes()
