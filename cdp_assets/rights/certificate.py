"""The certificate of an erasure: what was done per store, what a scan by other code found, one root over all files, signed.

It names no person: ids of requests, names of files, counts, keyed hashes. What could not be reached stands in it, with why.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cdp_assets.landing.files import hash_file, make_private_dir, replacing
from cdp_assets.rights import merkle
from cdp_assets.rights.certificate_page import page
from cdp_assets.rights.journal import Journal, folder
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.receipts import is_genuine, public_key, signed
from cdp_assets.rights.scanning import Scan, files_below
from cdp_assets.settings import Settings

FORMAT = 1
PROMISED_BY_NOBODY = (
    "snapshots and journals of the file system, and blocks that a disk has not written over: ask who runs the disks",
    "copies that left the home (backups, tables that were exported, files that people keep), and other users' processes that have an older file open",
)


def hashes_of(home: Path, leave_out: tuple[str, ...] = ()) -> dict[str, str]:
    """File below the home → SHA-256; `leave_out`: beginnings of names that change by themselves."""
    return {
        name: hash_file(path)
        for path in files_below(home)
        if not (name := path.relative_to(home).as_posix()).startswith(leave_out)
    }


def root_of(hashes: dict[str, str]) -> str:
    """RFC 6962 root over name and hash of each file, in name order."""
    return merkle.root([f"{name}\0{sha256}".encode() for name, sha256 in sorted(hashes.items())])


def write_certificate(
    settings: Settings,
    key: bytes,
    journal: Journal,
    scan: Scan,
    after: dict[str, str],
    *,
    waiting: list[str],
    disclosed: list[str],
    held: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Write and return it. `waiting`: what must still happen (platforms, files in the inbox); then it is interim."""
    is_final = scan.is_clean and not waiting
    content = {
        "format": FORMAT,
        "erasure_id": journal.erasure_id,
        "request_ids": journal.request_ids,
        "status": "final" if is_final else "interim",
        "begun_at": journal.begun_at,
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "stores": journal.done,
        "files_before": {
            name: journal.before.get(name) for name, sha256 in sorted(after.items()) if journal.before.get(name) != sha256
        },
        "files_after": dict(sorted(after.items())),
        "files_gone": sorted(set(journal.before) - set(after)),
        "root": {"hash": root_of(after), "files": len(after), "form": "RFC 6962 over name, NUL, SHA-256, in name order"},
        "scan": {
            "files": scan.files, "cells": scan.cells, "bytes": scan.size_bytes,
            "found": scan.hits, "unreadable": scan.unreadable,
        },
        "suppressed": sorted({hashed for _, hashed in journal.suppressed}),
        "kept_on_hold": list(held),
        "kept_on_purpose": [
            "issued_ids: the bare customer ids, so that none is issued again",
            "suppressions: keyed hashes, so that she is known when a file brings her again",
            "orders that were hers, without her",
        ],
        "waiting": waiting,
        "not_reached": [*disclosed, *PROMISED_BY_NOBODY],
    }  # fmt: skip
    document = signed(key, content)
    path = certificate_path(settings, journal.erasure_id)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    with replacing(path.with_suffix(".html")) as temporary:
        temporary.write_text(page(document), encoding="utf-8")
    (folder(settings) / "public_key").write_text(public_key(key) + "\n", encoding="utf-8")
    return document


def certificate_path(settings: Settings, erasure_id: str) -> Path:
    return make_private_dir(folder(settings) / "certificates") / f"{erasure_id}.json"


def expire(settings: Settings, today: date) -> int:
    """Remove final certificates, and their pages, that are older than their retention; how many. Interim ones stay: they are still at work."""
    if settings.keep_certificates_days is None:
        return 0
    last, count = today - timedelta(days=settings.keep_certificates_days), 0
    for path in sorted((settings.home / "rights" / "certificates").glob("*.json")):
        try:
            document = read_certificate(path)
        except RequestProblem:
            continue  # damaged: `onefold rights verify` says so; no run stops for it
        if document["status"] == "final" and datetime.fromisoformat(document["ended_at"]).date() < last:
            path.with_suffix(".html").unlink(missing_ok=True)
            path.unlink()
            count += 1
    return count


def read_certificate(path: Path) -> dict[str, Any]:
    """A certificate as it was written. Raises RequestProblem for a file that is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        is_one = {"erasure_id", "files_after", "root", "signature"} <= found.keys()
    except (OSError, ValueError, AttributeError):
        is_one = False
    if not is_one:
        raise RequestProblem(
            "it is no whole certificate",
            path.name,
            "name a file of HOME/rights/certificates, or a copy of one",
        )
    return dict(found)


def check(document: dict[str, Any], key: bytes) -> list[str]:
    """What is wrong with a certificate: its signature, or the root over the hashes that it lists."""
    wrong = []
    if not is_genuine(document, public_key(key)):
        wrong.append("the signature is not that of this home over this text")
    if root_of(document.get("files_after", {})) != document.get("root", {}).get("hash"):
        wrong.append("the root is not that of the files which it lists")
    return wrong
