"""Whom an open request covers, and how many rows each store holds: counted once and kept with the request, since a count reads the whole home.

It is counted again when somebody asks, or when a later generation changes whom the request covers; that is looked at, which costs little,
once per generation. What is kept names nobody: counts, masked comparisons, a digest of record keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from cdp_assets.keys import load_key
from cdp_assets.publishing.generations import current_generation
from cdp_assets.rights import closure, people, stores
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Request
from cdp_assets.rights.sought import SoughtPeople
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings

Count = dict[str, Any]


def renewed(
    settings: Settings,
    open_requests: Sequence[Request],
    kept: Mapping[str, Count | None],
    asked: Collection[str],
) -> dict[str, Count | None]:
    """Request → its count: the kept one, or a new one where it is asked for or no longer covers whom it did. None: nobody has asked yet."""
    counter = _Counter(settings)
    return {
        each.request_id: counter.count(each)
        if each.request_id in asked
        else counter.checked(each, kept.get(each.request_id))
        for each in open_requests
    }


def rows_of(count: Count) -> int:
    """Rows of hers in all stores."""
    return sum(count.get("stores", {}).values())


class _Counter:
    """Counts for one look at the ledger. Two requests of one person are one count."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._generation = settings, current_generation(settings)
        self._by_person: dict[str, dict[str, int]] = {}

    def checked(self, request: Request, kept: Count | None) -> Count | None:
        """A kept count, looked at once per generation: does it still cover whom it did?"""
        if kept is None or kept.get("seen_in") == self._generation:
            return kept
        try:
            found = people.found_by(self._settings, request)
        except (RequestProblem, duckdb.Error):  # no build, or a run writes it: the next look will tell
            return kept
        if kept.get("covers") == _digest(found):
            return {**kept, "seen_in": self._generation}
        return self.count(request)

    def count(self, request: Request) -> Count:
        """Whom a request covers and how many rows each store holds now; or why that cannot be said."""
        said: Count = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "generation": self._generation, "seen_in": self._generation,
        }  # fmt: skip
        try:
            with people.open_people(self._settings) as con:
                found = closure.closure(con, load_key(self._settings), request)
                traces = closure.traces_of(con, found.covered) if found.covered else Traces()
        except RequestProblem as problem:
            return said | {"problem": str(problem)}
        return said | {
            "covers": _digest(found), "records": len(found.covered), "customers": len(found.customer_ids),
            "by_score": [asdict(each) for each in found.by_score], "stores": self._stores(traces) if found.covered else people.landed_only(self._settings, request),
        }  # fmt: skip

    def _stores(self, traces: Traces) -> dict[str, int]:
        person = " ".join(traces.record_keys)
        if person not in self._by_person:
            self._by_person[person] = stores.find(self._settings, SoughtPeople(self._settings, traces))
        return self._by_person[person]


def _digest(found: closure.Closure) -> str:
    """What matters of whom a request covers: the records that are hers, those that a score joins, and of how many customers they are."""
    words = [
        *found.covered,
        "|",
        *(each.record_key for each in found.by_score),
        "|",
        str(len(found.customer_ids)),
    ]
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]
