"""Stewards' rulings: two records are, or are not, one person. Keyed by record, kept in state, read by every run.

A ruling takes effect on the next run. How it does belongs to links (must-link) and clusters (cannot-link).
"""

from __future__ import annotations

import csv
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.identity.context import IdentityProblem
from cdp_assets.keys import pseudonym, record_key

KINDS = ("must_link", "cannot_link")
_CSV_COLUMNS = ("kind", "record_key_l", "record_key_r", "reason", "ruled_by", "ruled_on", "evidence_hash")


@dataclass(frozen=True)
class Ruling:
    """One ruling. status: active, undone, or dormant (a record of it is no longer there; it counts again when that is back)."""

    ruling_id: str
    kind: str
    record_key_l: str
    record_key_r: str
    reason: str | None
    ruled_by: str | None
    ruled_on: date
    evidence_hash: str | None
    status: str = "active"


class Contradiction(IdentityProblem):
    """A cannot-link between records that must-links hold together; `chain` is the records that connect them, in order."""

    def __init__(self, chain: list[str]) -> None:
        self.chain = chain
        super().__init__(
            "these rulings contradict each other: must-link rulings connect "
            + " - ".join(key[:12] for key in chain)
            + f", and a cannot-link ruling keeps {chain[0][:12]} and {chain[-1][:12]} apart. Undo one of them "
            "(`onefold rulings` lists them, `onefold rulings --undo RULING_ID` takes one back)"
        )


def record_of(key: bytes, reference: str) -> str:
    """The record_key that a person means: a record_key itself, or `channel:source_customer_id`."""
    if ":" in reference:
        channel, _, source_id = reference.partition(":")
        return record_key(key, channel, source_id)
    return reference.strip()


def add_ruling(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    left: str,
    right: str,
    *,
    ruled_on: date,
    reason: str | None = None,
    ruled_by: str | None = None,
    evidence_hash: str | None = None,
) -> Ruling:
    """Keep a ruling on two records in state (con: state, writable). The same ruling again changes nothing.

    Raises IdentityProblem for a record that was never seen here or a ruling on one record, Contradiction where it breaks others.
    """
    if kind not in KINDS:
        raise IdentityProblem(f"{kind!r} is no kind of ruling: it is must_link or cannot_link")
    if left == right:
        raise IdentityProblem("a ruling needs two records, and both are the same one here")
    for key in (left, right):
        if not con.execute(
            "select 1 from customer_id_history where record_key = ? limit 1", [key]
        ).fetchone():
            raise IdentityProblem(
                f"record {key[:12]} was never seen here: take the record_key from the review queue or the crosswalk, or write "
                "channel:source_customer_id"
            )
    low, high = sorted((left, right))
    ruling = Ruling(_ruling_id(kind, low, high), kind, low, high, reason, ruled_by, ruled_on, evidence_hash)
    con.begin()
    try:
        _store(con, ruling)
        check_rulings(con)
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return ruling


def ruling_of(
    kind: str,
    left: str,
    right: str,
    reason: str | None,
    ruled_by: str | None,
    ruled_on: date,
    evidence_hash: str | None,
) -> Ruling:
    """A ruling on two records in either order; its id is that of any ruling of the kind on them."""
    low, high = sorted((left, right))
    return Ruling(_ruling_id(kind, low, high), kind, low, high, reason, ruled_by, ruled_on, evidence_hash)


def _ruling_id(kind: str, low: str, high: str) -> str:
    return pseudonym(b"ruling", kind, low, high)[:12]


def _store(con: duckdb.DuckDBPyConnection, ruling: Ruling) -> None:
    con.execute(
        """
        insert into rulings values (?, ?, ?, ?, ?, ?, ?, ?, false)
        on conflict (ruling_id) do update set
            reason = excluded.reason, ruled_by = excluded.ruled_by, ruled_on = excluded.ruled_on,
            evidence_hash = excluded.evidence_hash, is_undone = false
        """,
        [
            ruling.ruling_id, ruling.kind, ruling.record_key_l, ruling.record_key_r, ruling.reason, ruling.ruled_by,
            ruling.ruled_on, ruling.evidence_hash,
        ],
    )  # fmt: skip


def undo_ruling(con: duckdb.DuckDBPyConnection, ruling_id: str) -> Ruling:
    """Take a ruling back (it stays on record as undone); raises IdentityProblem if there is none of that id."""
    found = [ruling for ruling in list_rulings(con) if ruling.ruling_id == ruling_id]
    if not found:
        raise IdentityProblem(f"there is no ruling {ruling_id[:20]}: `onefold rulings` lists them")
    con.execute("update rulings set is_undone = true where ruling_id = ?", [ruling_id])
    return Ruling(**{**found[0].__dict__, "status": "undone"})


def list_rulings(con: duckdb.DuckDBPyConnection) -> list[Ruling]:
    """All rulings, oldest first, with their status."""
    rows = con.execute(
        """
        with live as (select distinct record_key from customer_id_history where to_generation is null)
        select
            ruling_id, kind, record_key_l, record_key_r, reason, ruled_by, ruled_on, evidence_hash,
            case
                when is_undone then 'undone'
                when record_key_l not in (select record_key from live) or record_key_r not in (select record_key from live)
                    then 'dormant'
                else 'active'
            end,
        from rulings order by ruled_on, ruling_id
        """
    ).fetchall()
    return [Ruling(*row) for row in rows]


def check_rulings(con: duckdb.DuckDBPyConnection, relation: str = "rulings") -> None:
    """Raise Contradiction if a cannot-link joins two records that must-links connect, with the shortest chain."""
    rows = con.execute(
        f"select kind, record_key_l, record_key_r from {relation} where not is_undone order by record_key_l, record_key_r"
    ).fetchall()
    neighbours: dict[str, list[str]] = defaultdict(list)
    for kind, left, right in rows:
        if kind == "must_link":
            neighbours[left].append(right)
            neighbours[right].append(left)
    for kind, left, right in rows:
        if kind == "cannot_link":
            chain = _shortest_chain(neighbours, left, right)
            if chain:
                raise Contradiction(chain)


def _shortest_chain(neighbours: dict[str, list[str]], start: str, goal: str) -> list[str]:
    before: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here == goal:
            chain = [here]
            while (previous := before[chain[-1]]) is not None:
                chain.append(previous)
            return chain[::-1]
        for other in neighbours.get(here, ()):
            if other not in before:
                before[other] = here
                queue.append(other)
    return []


def export_rulings(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the active and dormant rulings as CSV; returns how many."""
    rulings = [ruling for ruling in list_rulings(con) if ruling.status != "undone"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_CSV_COLUMNS)
        for ruling in rulings:
            writer.writerow([getattr(ruling, column) for column in _CSV_COLUMNS])
    return len(rulings)


def import_rulings(con: duckdb.DuckDBPyConnection, path: Path, key: bytes, *, ruled_on: date) -> int:
    """Read rulings from CSV, all or none; a record may be written as record_key or channel:source_customer_id.

    Columns: kind, record_key_l, record_key_r; optional reason, ruled_by, ruled_on, evidence_hash. Rulings on records that are not
    here (yet) are kept and sleep. Raises IdentityProblem with the line number, Contradiction with the chain.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = {"kind", "record_key_l", "record_key_r"} - set(reader.fieldnames or ())
        if missing:
            raise IdentityProblem(f"{path.name} has no column {', '.join(sorted(missing))}")
        rulings = [_from_row(row, line, path, key, ruled_on) for line, row in enumerate(reader, start=2)]
    return store_all(con, rulings)


def _from_row(row: dict[str, str], line: int, path: Path, key: bytes, ruled_on: date) -> Ruling:
    kind = (row.get("kind") or "").strip().replace("-", "_")
    left, right = record_of(key, row.get("record_key_l") or ""), record_of(key, row.get("record_key_r") or "")
    if kind not in KINDS or not left or not right or left == right:
        raise IdentityProblem(
            f"{path.name} line {line} is no ruling: it needs a kind (must_link, cannot_link) and two records"
        )
    try:
        on = date.fromisoformat(row["ruled_on"]) if row.get("ruled_on") else ruled_on
    except ValueError as error:
        raise IdentityProblem(f"{path.name} line {line}: ruled_on is no date (YYYY-MM-DD)") from error
    low, high = sorted((left, right))
    return Ruling(
        _ruling_id(kind, low, high), kind, low, high, row.get("reason") or None, row.get("ruled_by") or None, on,
        row.get("evidence_hash") or None,
    )  # fmt: skip


def store_all(con: duckdb.DuckDBPyConnection, rulings: list[Ruling]) -> int:
    """Keep some rulings, all or none; returns how many. Raises Contradiction where they break others or each other."""
    con.begin()
    try:
        for ruling in rulings:
            _store(con, ruling)
        check_rulings(con)
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return len(rulings)
