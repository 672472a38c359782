"""A certificate as a page that a person can read: the same facts as its JSON, which alone is signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}code{font-size:.85em}"
)
WHAT_WAS_DONE = {
    "manifest": "entered in the list of erasures, for restored backups",
    "suppress": "known by keyed hashes from now on",
    "landing": "originals, landed files, quarantine, held files",
    "inbox": "the inbox",
    "generations": "published generations",
    "warehouse": "the build",
    "others": "logs, run records, files for platforms, inboxes of decisions, answers",
    "audit": "the audit log",
    "state": "state",
}


def page(document: Mapping[str, Any]) -> str:
    """The page, whole; it calls nothing from elsewhere."""
    scan, root = document["scan"], document["root"]
    heading = f"Certificate of an erasure: {document['status']}"
    facts = [
        ("erasure", document["erasure_id"]),
        ("requests", ", ".join(document["request_ids"]) or "-"),
        ("begun", document["begun_at"]),
        ("ended", document["ended_at"]),
        ("looked at", f"{scan['cells']:,} cells of {scan['files']:,} files, {scan['bytes']:,} bytes; found in {len(scan['found'])} places"),
        ("root over all files", f"{root['hash']} ({root['files']:,} files, {root['form']})"),
        ("signature (Ed25519)", document.get("signature", "-")),
    ]  # fmt: skip
    return "\n".join([
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(heading)}</title>',
        f"<style>{STYLE}</style><h1>{escape(heading)}</h1>",
        _table(("", ""), facts),
        "<h2>What was done</h2>",
        _table(("store", "done"), [(WHAT_WAS_DONE.get(name, name), _in_words(done)) for name, done in document["stores"].items()]),
        *_list("What is still waited for", document["waiting"]),
        *_list("Found, or not readable", [*scan["found"], *scan["unreadable"]]),
        *_list("Kept on purpose", document["kept_on_purpose"]),
        *_list("Not reached", document["not_reached"]),
        "<h2>Files that changed</h2>",
        _table(("file", "SHA-256 before", "after"), [
            (name, before or "new", document["files_after"][name]) for name, before in document["files_before"].items()
        ]),
        *_list("Files that are gone", document["files_gone"]),
        "<p>The JSON beside this page is what is signed: <code>onefold rights verify</code> checks it and looks again.</p></html>",
    ])  # fmt: skip


def _in_words(done: object) -> str:
    """Counts of a step, the empty ones left out."""
    if not isinstance(done, Mapping):
        return str(done)
    told = []
    for name, value in done.items():
        if isinstance(value, Mapping) and value:
            told.append(
                f"{name}: {sum(int(each) for each in value.values()):,} rows in {len(value):,} places"
            )
        elif value and not isinstance(value, Mapping):
            told.append(f"{name}: {value}")
    return "; ".join(told) or "nothing was there"


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    header = "".join(f"<th>{escape(each)}</th>" for each in head) if any(head) else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{header}</tr>{body}</table>"


def _list(heading: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    items = "".join(f"<li>{escape(str(each))}</li>" for each in found)
    return [f"<h2>{escape(heading)}</h2><ul>{items}</ul>"] if found else []
