"""The inbox of rulings made on the pages: append-only lines that the next run reads.

What a ruling does, and whether it contradicts another, is identity's part.

One JSON object per line in HOME/rulings_inbox/pages.jsonl: kind (must_link or cannot_link), record_key_l, record_key_r, reason,
ruled_by, ruled_at (UTC), evidence_hash (of the review queue's row, or null).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cdp_assets.settings import Settings

KINDS = ("must_link", "cannot_link")


class RulingRefused(ValueError):
    """The ruling is not complete; `code` names the text that says what is missing."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Ruling:
    """A steward's word on two records."""

    kind: str
    record_key_l: str
    record_key_r: str
    reason: str
    ruled_by: str
    evidence_hash: str | None = None


def inbox_path(settings: Settings) -> Path:
    """Where the pages write; the run reads every *.jsonl of the folder."""
    return settings.home / "rulings_inbox" / "pages.jsonl"


def append_ruling(settings: Settings, ruling: Ruling) -> None:
    """Append one line, whole or not at all, and sync it. Raises RulingRefused where something is missing."""
    if ruling.kind not in KINDS:
        raise RulingRefused("kind")
    if not ruling.reason.strip():
        raise RulingRefused("reason")
    if not ruling.ruled_by.strip():
        raise RulingRefused("ruled_by")
    if ruling.record_key_l == ruling.record_key_r:
        raise RulingRefused("same_record")
    line = {**asdict(ruling), "ruled_at": datetime.now(UTC).isoformat(timespec="seconds")}
    path = inbox_path(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def waiting_rulings(settings: Settings) -> list[dict[str, str | None]]:
    """The lines of the pages' inbox, newest first; a line torn by a crash is left out."""
    path = inbox_path(settings)
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found[::-1]
