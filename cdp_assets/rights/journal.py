"""The journal of an erasure that is under way: what is to be done, what is done, in HOME/rights/erasing.

It holds her literals while they must be looked for, encrypted under a key of its own, and is destroyed with the
final certificate. The manifest beside it lasts: keyed hashes and keys only, so that a restored backup can be brought to where the home was,
refusals of people included.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from cdp_assets.landing.files import make_private_dir, replacing
from cdp_assets.private_files import sync
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.traces import Traces, from_json
from cdp_assets.settings import Settings

Held = tuple[str, str, str | None, str, str | None]  # request, table, column, reason, last day


@dataclass
class Journal:
    """One erasure. loads: (channel, export) → load ids that held her; done: step → what it did; before: file → SHA-256 at the start.

    by_request: request → the hashes of its own person, where several people go in one erasure: one may come back without the others.
    holds: what must stay, as (request, table, column, reason, last day): a restored state may be older than the holds.
    """

    erasure_id: str
    request_ids: list[str]
    actor: str
    begun_at: str
    traces: Traces
    suppressed: list[tuple[str, str]]
    rewrites_inbox: bool = False
    keeps_older: bool = True
    loads: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_request: dict[str, list[str]] = field(default_factory=dict)
    holds: list[Held] = field(default_factory=list)
    never_removed: list[str] = field(default_factory=list)  # destinations whose time to remove her is over
    earlier: dict[str, dict[str, Any]] = field(default_factory=dict)  # of steps that are done again

    def do_again(self, steps: Sequence[str]) -> None:
        """Take steps back, and remember what they did: a certificate counts both."""
        for name in steps:
            if name in self.done:
                self.earlier[name] = self.done.pop(name)

    def note(self, name: str, did: dict[str, Any]) -> None:
        """A step is done; its counts are added to those of the times before."""
        before = self.earlier.pop(name, {})
        for kind in ("removed", "blanked", "hidden"):
            counts = dict(before.get(kind, {}))
            for each, count in did.get(kind, {}).items():
                counts[each] = counts.get(each, 0) + count
            if counts:
                did = {**did, kind: counts}
        self.done[name] = did

    def of_requests(self) -> dict[str, list[str]]:
        """Request → keyed hashes that it suppresses."""
        everything = sorted({hashed for _, hashed in self.suppressed})
        return {each: self.by_request.get(each, everything) for each in self.request_ids}


def folder(settings: Settings) -> Path:
    return make_private_dir(settings.home / "rights")


def path_of(settings: Settings, erasure_id: str) -> Path:
    return make_private_dir(folder(settings) / "erasing") / f"{erasure_id}.json"


def _vault_key(settings: Settings) -> Path:
    return folder(settings) / "vault_key"


def _vault(settings: Settings) -> Fernet:
    """The journals' own key, made with the first and destroyed with the last of them; it is in no backup."""
    path = _vault_key(settings)
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_bytes(Fernet.generate_key())
    return Fernet(path.read_bytes())


def _opened(settings: Settings, path: Path) -> bytes:
    """What a journal says. Raises RequestProblem where its key is not the one that it was written under."""
    try:
        return _vault(settings).decrypt(path.read_bytes())
    except InvalidToken:
        raise RequestProblem(
            "the journal of an erasure cannot be read: the key that it was written under is gone",
            f"HOME/rights/erasing/{path.name}",
            "put HOME/rights/vault_key back; or remove the journal: the erasure is done again by the list of erasures, without the look in clear",
        ) from None


def write(settings: Settings, journal: Journal) -> None:
    """Write the journal whole, synced."""
    content = json.dumps({**journal.__dict__, "traces": journal.traces.as_json()}, ensure_ascii=False)
    with replacing(path_of(settings, journal.erasure_id)) as temporary:
        temporary.write_bytes(_vault(settings).encrypt(content.encode()))


def open_journals(settings: Settings) -> list[Journal]:
    """Erasures that were begun and not ended, oldest first."""
    found = []
    for path in sorted((settings.home / "rights" / "erasing").glob("*.json")):
        content = json.loads(_opened(settings, path))
        content["traces"] = from_json(content["traces"])
        content["suppressed"] = [tuple(pair) for pair in content["suppressed"]]
        found.append(Journal(**content))
    return sorted(found, key=lambda journal: journal.begun_at)


def remove(settings: Settings, erasure_id: str) -> None:
    path = path_of(settings, erasure_id)
    path.unlink(missing_ok=True)
    sync(path.parent)
    sweep(settings)


def sweep(settings: Settings) -> None:
    """Remove halves that a killed process left, and the journals' key where there is no journal any more."""
    path = settings.home / "rights" / "vault_key"
    for half in (path.parent / "erasing").glob("*.tmp"):
        half.unlink()
    if path.exists() and not any((path.parent / "erasing").glob("*.json")):
        path.unlink()
        sync(path.parent)


def manifest_path(settings: Settings) -> Path:
    return settings.erasure_manifest or settings.home / "rights" / "erasures.jsonl"


def enter_in_manifest(settings: Settings, journal: Journal) -> None:
    """Append what a restored backup needs to be erased again; once, before anything is changed."""
    if any(each["erasure_id"] == journal.erasure_id for each in read_manifest(settings)):
        return
    traces = journal.traces
    append(settings, {
        "erasure_id": journal.erasure_id, "begun_at": journal.begun_at, "request_ids": journal.request_ids,
        "record_keys": traces.record_keys, "customer_ids": traces.customer_ids, "node_keys": traces.node_keys,
        "contact_keys": traces.contact_keys, "platform_key_ids": traces.platform_key_ids, "orders": traces.orders, "suppressed": journal.suppressed,
        "by_request": journal.by_request, "holds": journal.holds,
    })  # fmt: skip


def enter_refusal(
    settings: Settings,
    request_id: str,
    record_keys: Sequence[str],
    purposes: Sequence[str],
    *,
    is_lifted: bool,
) -> None:
    """Append what a request refused, or lifted: a backup from before it must not let it through again."""
    entered_at = datetime.now(UTC).replace(tzinfo=None).isoformat()
    append(settings, {
        "refusal": request_id, "record_keys": list(record_keys), "purposes": list(purposes), "is_lifted": is_lifted, "entered_at": entered_at,
    })  # fmt: skip


def append(settings: Settings, entry: dict[str, Any]) -> None:
    """Append an entry to the list that travels outside backups, synced."""
    path = manifest_path(settings)
    make_private_dir(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def read_manifest(settings: Settings) -> list[dict[str, Any]]:
    """Every erasure ever begun, oldest first; a line torn by a kill is left out (its erasure had changed nothing)."""
    return [entry for entry in _entries(settings) if "erasure_id" in entry]


def read_refusals(settings: Settings) -> list[dict[str, Any]]:
    """Every refusal and lifting ever entered, oldest first."""
    return [entry for entry in _entries(settings) if "refusal" in entry]


def enter_requests(settings: Settings, sealed: Mapping[str, str]) -> None:
    """Write the lines of some requests anew, in place of what they said: the list is whole before and after."""
    path = manifest_path(settings)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [
        line
        for line, entry in zip(lines, map(_parsed, lines), strict=True)
        if entry and entry.get("request") not in sealed
    ]
    kept += [json.dumps({"request": request_id, "sealed": content}) for request_id, content in sealed.items()]
    make_private_dir(path.parent)
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def read_requests(settings: Settings) -> dict[str, str]:
    """Request → what is sealed of it."""
    return {entry["request"]: entry["sealed"] for entry in _entries(settings) if "request" in entry}


def read_left_out(settings: Settings) -> list[tuple[str, str]]:
    """(type, keyed hash) of every list of people to leave out."""
    return [(kind, hashed) for entry in _entries(settings) for kind, hashed in entry.get("left_out", [])]


def _entries(settings: Settings) -> list[dict[str, Any]]:
    path = manifest_path(settings)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [entry for entry in map(_parsed, lines) if entry is not None]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(line))
    except ValueError:
        return None
