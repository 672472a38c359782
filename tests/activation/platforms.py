"""Platforms, played by a double: reads proposals from the folder as an uploader does, keeps lists, and answers.

Nothing of the room's own code is used here: files are read by their format, and keys are computed with hashlib.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.activation.homes import Person


def sha256_of(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass
class Platforms:
    """Every platform's lists: list (`<destination>/<audience>`) → keys. seen: batch id → bytes of its file, as first uploaded."""

    home: Path
    lists: dict[str, set[str]] = field(default_factory=dict)
    seen: dict[str, bytes] = field(default_factory=dict)

    def manifests(self) -> list[dict[str, Any]]:
        """What waits, in the order in which an uploader takes it: oldest proposal first, removals before additions."""
        found = []
        for path in self.home.glob("activation/*/*/*/manifest.json"):
            said = json.loads(path.read_text(encoding="utf-8"))
            said["folder"] = path.parent
            found.append(said)
        return sorted(
            found,
            key=lambda each: (each["generation"], each["sequence"], each["destination"], each["audience"]),
        )

    def waiting(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """(manifest, batch) of every file that is there."""
        return [
            (said, batch)
            for said in self.manifests()
            for batch in sorted(said["batches"], key=lambda each: each["operation"] != "remove")
            if batch.get("waits", True)
        ]

    def upload(self, said: dict[str, Any], batch: dict[str, Any]) -> dict[str, Any]:
        """Carry one file out and answer for it."""
        content = (said["folder"] / batch["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == batch["sha256"]
        if said["kind"] == "message" and batch["batch"] in self.seen:  # letters go out once
            went_out = self.seen[batch["batch"]]
            return {
                "home": said["home"],
                "batch": batch["batch"],
                "sha256": hashlib.sha256(went_out).hexdigest(),
            }
        assert self.seen.setdefault(batch["batch"], content) == content, (
            "a batch was proposed again with other bytes"
        )
        keys = keys_in(batch["file"], content)
        assert len(keys) == batch["rows"]
        its = self.lists.setdefault(f"{said['destination']}/{said['audience']}", set())
        if batch["operation"] == "remove":
            its -= keys
        else:
            if batch["operation"] == "replace":
                its.clear()
            its |= keys
        return {
            "home": said["home"],
            "batch": batch["batch"],
            "sha256": batch["sha256"],
            "received": len(keys),
        }

    def upload_all(self) -> list[dict[str, Any]]:
        return [self.upload(said, batch) for said, batch in self.waiting()]


def keys_in(name: str, content: bytes) -> set[str]:
    """Keys of one file, by its format alone."""
    if name.endswith(".json"):
        said = json.loads(content)
        rows = said["payload"]["data"]
        return {row[0] for row in rows}
    rows = list(csv.reader(io.StringIO(content.decode())))
    if name.endswith(".txt"):
        return {row[0] for row in rows}
    return {row[0] for row in rows[1:]}


def expected_keys(people: list[Person], kinds: dict[str, Any], wants: frozenset[str]) -> set[str]:
    """Keys that a list must hold: of people whom the audience means, by contact kind → function of the value."""
    return {
        kinds[kind](value)
        for person in people
        if person.is_profiled and wants <= person.allowed
        for kind, value in person.contacts
        if kind in kinds and value not in person.unreachable
    }
