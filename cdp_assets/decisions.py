"""Inboxes of what people decide: one file per decision, written whole or not at all, applied once by the next run.

What a decision means is the part of the room that reads the inbox.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdp_assets.private_files import sync


@dataclass(frozen=True)
class Decision:
    """A file of an inbox. content is None where it cannot be read."""

    decision_id: str
    path: Path
    content: dict[str, Any] | None


def write_decision(folder: Path, content: dict[str, Any]) -> str:
    """Write one decision under a new id that sorts by time; returns the id. Temporary file, fsync, rename, fsync of the folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    decision_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(6)}"
    path = folder / f"{decision_id}.json"
    temporary = folder / f".{decision_id}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"decision_id": decision_id, **content}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync(folder)
    return decision_id


def write_once(folder: Path, content: dict[str, Any]) -> str:
    """Write a decision, unless the very same one waits (a form that was sent twice): returns the id of that one."""
    for each in read_decisions(folder):
        if each.content is not None and _said(each.content) == _said(content):
            return each.decision_id
    return write_decision(folder, content)


def _said(content: dict[str, Any]) -> str:
    """What a decision says, without its id and the moment."""
    told = {name: value for name, value in content.items() if name not in ("decision_id", "decided_at")}
    return json.dumps(told, sort_keys=True, default=str)


def read_decisions(folder: Path) -> Iterator[Decision]:
    """Every decision of an inbox, oldest first; one that cannot be read comes without content."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError):
            found = None
        yield Decision(path.stem, path, found if isinstance(found, dict) else None)
