"""Rulings as the site makes them: decisions written into the inbox, those that wait, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.decisions import read_decisions, write_once
from cdp_assets.settings import Settings
from cdp_assets.state import StateInUse, connect_state
from cdp_assets.web.action import Refused
from cdp_assets.web.published import Published
from cdp_assets.web.view import View

KINDS = ("must_link", "cannot_link")
PAIRS_AT_MOST = 2000  # of one split


@dataclass(frozen=True)
class Waiting:
    """A decision that no run has taken yet. unreadable where its file cannot be read."""

    decision_id: str
    kind: str
    because: str
    pairs: tuple[tuple[str, str, str], ...]  # kind, record_key_l, record_key_r
    ruling_id: str | None
    reason: str
    decided_by: str
    decided_at: str
    is_unreadable: bool = False


def inbox_of(settings: Settings) -> Path:
    return settings.home / "rulings_inbox"


def decide(
    view: View,
    pairs: list[tuple[str, str, str]],
    *,
    because: str,
    reason: str,
    evidence_hash: str | None = None,
) -> str:
    """Write rulings on pairs of records as one decision, and note it. Raises Refused where something is missing or contradicts what waits."""
    if not reason.strip():
        raise Refused("reason")
    if not pairs:
        raise Refused("nothing_chosen")
    if len(pairs) > PAIRS_AT_MOST:
        raise Refused("too_many_pairs", most=PAIRS_AT_MOST)
    for kind, left, right in pairs:
        if kind not in KINDS:
            raise Refused("kind")
        if left == right:
            raise Refused("same_record")
    _check_others(view, pairs)
    decision_id = write_once(
        inbox_of(view.settings),
        {
            "kind": "rulings", "because": because, "reason": reason.strip()[:500], "evidence_hash": evidence_hash, **_signed(view),
            "rulings": [{"kind": kind, "record_key_l": left, "record_key_r": right} for kind, left, right in pairs],
        },
    )  # fmt: skip
    audit.append(
        view.settings, view.who.name, "rule", decision_id=decision_id, because=because, pairs=len(pairs),
        subjects=sorted({key for _, left, right in pairs for key in (left, right)})[:50],
    )  # fmt: skip
    return decision_id


def check_seen(view: View, now: str) -> None:
    """That what a steward saw when the form was drawn (its field `seen`) is still what the shown generation has. Raises Refused."""
    if view.form.get("seen", [now]) != [now]:
        raise Refused("changed")


def undo(view: View, ruling_id: str, reason: str) -> str:
    """Write that a ruling is taken back, and note it."""
    if not ruling_id:
        raise Refused("nothing_chosen")
    content = {
        "kind": "undo",
        "because": "undo",
        "ruling_id": ruling_id,
        "reason": reason.strip()[:500],
        **_signed(view),
    }
    decision_id = write_once(inbox_of(view.settings), content)
    audit.append(
        view.settings, view.who.name, "rule", decision_id=decision_id, because="undo", ruling_id=ruling_id
    )
    return decision_id


def withdraw(view: View, decision_id: str) -> None:
    """Take back a decision that no run has taken yet; its author's or another steward's."""
    found = [each for each in waiting(view.settings, view.shown) if each.decision_id == decision_id]
    if not found or _was_taken(view.settings, decision_id):
        raise Refused("no_longer_waiting")
    (inbox_of(view.settings) / f"{found[0].decision_id}.json").unlink(missing_ok=True)
    audit.append(
        view.settings, view.who.name, "withdraw", decision_id=decision_id, decided_by=found[0].decided_by
    )


def _was_taken(settings: Settings, decision_id: str) -> bool:
    """Whether a run took a decision that the shown generation does not know of: it published nothing, or is at work. Raises Refused."""
    if not settings.state_path.exists():
        return False
    try:
        with connect_state(settings, read_only=True) as con:
            return bool(
                con.execute("select 1 from decisions where decision_id = ?", [decision_id]).fetchall()
            )
    except StateInUse:
        raise Refused("run_at_work") from None


def refused(settings: Settings, shown: Published) -> pd.DataFrame:
    """The decisions that runs did not take, newest first: decided_at, decided_by, because, reason_code, reason, and a pair that it is about."""
    names = ["decided_at", "decided_by", "because", "reason_code", "reason", "record_key_l", "record_key_r"]
    if shown.missing(["ops_decisions"]):
        return pd.DataFrame(columns=pd.Index(names))
    rows = shown.ask(
        "select decision_id, decided_at, decided_by, reason_code from ops_decisions where outcome = 'refused' and inbox = 'rulings' "
        "order by decision_id desc"
    )
    kept = {
        each.decision_id: _waiting(each.decision_id, each.content)
        for each in read_decisions(inbox_of(settings))
    }
    known = [kept.get(each) for each in rows["decision_id"]]
    pairs = [each.pairs[0][1:] if each and each.pairs else (None, None) for each in known]
    told = pd.DataFrame(
        {
            "because": [each.because if each else None for each in known],
            "reason": [each.reason if each else None for each in known],
            "record_key_l": [left for left, _ in pairs],
            "record_key_r": [right for _, right in pairs],
        }
    )
    return pd.concat([rows, told], axis="columns")[names]


def waiting(settings: Settings, shown: Published) -> list[Waiting]:
    """The decisions that the shown generation's run had not taken, newest first."""
    taken: set[str] = set()
    if not shown.missing(["ops_decisions"]):
        taken = set(shown.ask("select decision_id from ops_decisions")["decision_id"])
    found = [
        _waiting(each.decision_id, each.content)
        for each in read_decisions(inbox_of(settings))
        if each.decision_id not in taken
    ]
    return found[::-1]


def _waiting(decision_id: str, content: dict[str, Any] | None) -> Waiting:
    if content is None:
        return Waiting(decision_id, "rulings", "", (), None, "", "", "", is_unreadable=True)
    listed = content.get("rulings") if isinstance(content.get("rulings"), list) else []
    pairs = tuple(
        (str(each.get("kind")), str(each.get("record_key_l")), str(each.get("record_key_r")))
        for each in listed or []
        if isinstance(each, dict)
    )
    text = {
        name: str(content.get(name) or "")
        for name in ("kind", "because", "reason", "decided_by", "decided_at")
    }
    ruling_id = content.get("ruling_id")
    return Waiting(
        decision_id, text["kind"], text["because"], pairs, None if ruling_id is None else str(ruling_id), text["reason"],
        text["decided_by"], text["decided_at"],
    )  # fmt: skip


def _check_others(view: View, pairs: list[tuple[str, str, str]]) -> None:
    """Two stewards who rule differently on one pair: the second is told who ruled, and nothing is written."""
    waits = waiting(view.settings, view.shown)
    ruled = {
        **_in_force(view.shown, {each.ruling_id for each in waits}),
        **{
            frozenset((left, right)): (kind, each.decided_by, "ruled_otherwise")
            for each in waits
            for kind, left, right in each.pairs
        },
    }
    for kind, left, right in pairs:
        earlier = ruled.get(frozenset((left, right)))
        if earlier is not None and earlier[0] != kind:
            raise Refused(earlier[2], name=earlier[1])


def _in_force(shown: Published, undone: set[str | None]) -> dict[frozenset[str], tuple[str, str, str]]:
    """Per pair of records the ruling that holds (kind, who, code of the refusal), without those whose undoing waits."""
    if shown.missing(["ops_rulings"]):
        return {}
    rows = shown.ask(
        "select ruling_id, kind, record_key_l, record_key_r, ruled_by from ops_rulings "
        "where status in ('active', 'without_effect', 'dormant')"
    )
    return {
        frozenset((left, right)): (kind, by or "–", "ruled_before")
        for ruling_id, kind, left, right, by in rows.itertuples(index=False)
        if ruling_id not in undone
    }


def _signed(view: View) -> dict[str, str]:
    return {"decided_by": view.who.name, "decided_at": datetime.now(UTC).isoformat(timespec="seconds")}
