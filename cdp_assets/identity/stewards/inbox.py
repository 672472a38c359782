"""The inbox of rulings that the site writes: each decision is taken once by the next run, and what became of it is kept.

A decision is one file (HOME/rulings_inbox/<decision_id>.json): kind (rulings, undo), rulings (kind, record_key_l, record_key_r) or
ruling_id, reason, decided_by, decided_at, evidence_hash. All rulings of a decision count, or none. Older homes also hold *.jsonl files
with one ruling a line. What a ruling does is rulings' part.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.decisions import Decision, read_decisions
from cdp_assets.identity.context import IdentityProblem
from cdp_assets.identity.stewards.rulings import (
    KINDS,
    Contradiction,
    Ruling,
    ruling_of,
    store_all,
    undo_ruling,
)

INBOX = "rulings"


@dataclass(frozen=True)
class Taken:
    """What a run took over. refused: in words, for the run's log; unreadable: names of files that nobody can read."""

    count: int
    refused: tuple[str, ...]
    unreadable: tuple[str, ...]


def read_inbox(con: duckdb.DuckDBPyConnection, folder: Path, *, ruled_on: date) -> Taken:
    """Take over what the inbox holds and no run took before (con: state, writable)."""
    known = {row[0] for row in con.execute("select decision_id from decisions").fetchall()}
    taken, refused, unreadable = 0, [], []
    for decision in read_decisions(folder):
        if decision.decision_id in known:
            continue
        code, words = _take(con, decision, ruled_on)
        _keep(con, decision, code, ruled_on)
        taken += code is None
        if code == "unreadable":
            unreadable.append(decision.path.name)
        elif code is not None:
            refused.append(f"{decision.path.name}: {words}")
    count, problems = _read_lines(con, folder, ruled_on)
    return Taken(taken + count, (*refused, *problems), tuple(unreadable))


def _take(con: duckdb.DuckDBPyConnection, decision: Decision, ruled_on: date) -> tuple[str | None, str]:
    """Apply one decision: (None, "") or (code, words) of why it was refused."""
    content = decision.content
    if content is None:
        return "unreadable", ""
    if content.get("kind") == "undo":
        try:
            undo_ruling(con, str(content.get("ruling_id")))
        except IdentityProblem as problem:
            return "unknown_ruling", str(problem)
        return None, ""
    rulings = _rulings_of(content, ruled_on)
    if not rulings:
        return "incomplete", "it is no complete ruling"
    try:
        store_all(con, rulings)
    except Contradiction as problem:
        return "contradiction", str(problem)
    return None, ""


def _rulings_of(content: dict[str, Any], ruled_on: date) -> list[Ruling]:
    """The rulings of a decision; none where any of them is not complete."""
    listed = content.get("rulings")
    if content.get("kind") != "rulings" or not isinstance(listed, list):
        return []
    shared = {"reason": content.get("reason"), "ruled_by": content.get("decided_by"), "ruled_at": content.get("decided_at"),
              "evidence_hash": content.get("evidence_hash")}  # fmt: skip
    found = [_ruling({**shared, **each}, ruled_on) for each in listed if isinstance(each, dict)]
    complete = [ruling for ruling in found if ruling is not None]
    return complete if len(complete) == len(listed) else []


def _keep(con: duckdb.DuckDBPyConnection, decision: Decision, code: str | None, ruled_on: date) -> None:
    content = decision.content or {}
    con.execute(
        "insert into decisions values (?, ?, ?, ?, ?, ?, ?)",
        [
            decision.decision_id, INBOX, "applied" if code is None else "refused", code, content.get("decided_by"),
            _moment(content.get("decided_at")), ruled_on,
        ],
    )  # fmt: skip


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        return None


def _read_lines(con: duckdb.DuckDBPyConnection, folder: Path, ruled_on: date) -> tuple[int, list[str]]:
    """Rulings of the older form, one a line; an undone one is not done again, and one that contradicts others is named."""
    taken, refused = 0, []
    known = {row[0] for row in con.execute("select ruling_id from rulings").fetchall()}
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        # a reason may hold what splitlines() takes for the end of a line
        lines = enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)
        for number, text in filter(lambda line: line[1].strip(), lines):
            ruling = _from_line(text, ruled_on)
            if ruling is None:
                refused.append(f"{path.name} line {number} is no complete ruling")
            elif ruling.ruling_id not in known:
                try:
                    taken += store_all(con, [ruling])
                    known.add(ruling.ruling_id)
                except Contradiction as problem:
                    refused.append(f"{path.name} line {number}: {problem}")
    return taken, refused


def _from_line(text: str, ruled_on: date) -> Ruling | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return _ruling(line, ruled_on) if isinstance(line, dict) else None


def _ruling(fields: dict[str, Any], ruled_on: date) -> Ruling | None:
    try:
        kind, left, right = fields["kind"], str(fields["record_key_l"]), str(fields["record_key_r"])
        on = date.fromisoformat(str(fields["ruled_at"])[:10]) if fields.get("ruled_at") else ruled_on
    except (ValueError, KeyError, TypeError):
        return None
    if kind not in KINDS or left == right or not left or not right:
        return None
    return ruling_of(
        kind, left, right, fields.get("reason"), fields.get("ruled_by"), on, fields.get("evidence_hash")
    )
