"""Requests out of files: OpenDSR 2.0 JSON (one request or a list) and CSV with a header."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from cdp_assets.rights.requests import Identity, NewRequest, RequestProblem

OPENDSR_KINDS = {"erasure": "erase", "access": "access", "portability": "access"}
OPENDSR_IDENTITIES = {
    "controller_customer_id": "customer_id",
    "email": "email",
    "phone": "phone",
    "loyalty_id": "loyalty_id",
}
CSV_COLUMNS = (
    "kind",
    "email",
    "phone",
    "customer_id",
    "record",
    "loyalty_id",
    "jurisdiction",
    "received",
    "request_id",
)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12))


def read_requests(
    text: str,
    name: str,
    *,
    region: str | None = None,
    received_on: Callable[[datetime], date] = datetime.date,
    noon_of: Callable[[date], datetime] = _noon,
) -> list[NewRequest]:
    """The requests of a file. Raises RequestProblem that names the place, never a value.

    received_on: from a time to the day where the business is; noon_of: from a day there to a time of it, for what says a day and no more.
    """
    stripped = text.lstrip("\ufeff \r\n\t")
    found = (_opendsr if stripped.startswith(("{", "[")) else _csv)(stripped, name, region)
    return [_on_its_day(each, received_on, noon_of) for each in found]


def _on_its_day(
    new: NewRequest, received_on: Callable[[datetime], date], noon_of: Callable[[date], datetime]
) -> NewRequest:
    if new.received_on:
        return replace(new, received_at=noon_of(new.received_on))
    return replace(new, received_on=received_on(new.received_at))


def _opendsr(text: str, name: str, region: str | None) -> Iterator[NewRequest]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestProblem("it is no JSON", name, "give OpenDSR 2.0 JSON, or CSV with a header") from None
    for number, each in enumerate(found if isinstance(found, list) else [found], 1):
        where = f"{name}, request {number}"
        if not isinstance(each, dict):
            raise RequestProblem("it is no JSON object", where, "see the specification of OpenDSR 2.0")
        kind = OPENDSR_KINDS.get(str(each.get("subject_request_type")))
        if kind is None:
            raise RequestProblem(
                "its subject_request_type is not known", where, f"one of {', '.join(OPENDSR_KINDS)}"
            )
        regulation = str(each.get("regulation", "gdpr")).lower()
        identities, unknown = _identities(each, where)
        yield NewRequest(
            kind=kind,
            identities=identities,
            unknown_types=unknown,
            jurisdiction=regulation if regulation in ("gdpr", "ccpa") else "other",
            received_at=_time(each.get("submitted_time"), where),
            received_on=_day(each.get("submitted_time")),
            request_id=_request_id(each.get("subject_request_id"), where),
            region=region,
        )


def _identities(request: dict[str, Any], where: str) -> tuple[list[Identity], list[str]]:
    """Raw identities, and the types of those that nobody here knows people by; hashed ones cannot be compared with keyed hashes, and are refused by name."""
    extensions = request.get("extensions") if isinstance(request.get("extensions"), dict) else {}
    given = [request.get("subject_identities") or [], (extensions or {}).get("subject_identities") or []]
    if not all(isinstance(some, list) and all(isinstance(each, dict) for each in some) for some in given):
        raise RequestProblem(
            "its subject_identities are no list of objects", where, "see the specification of OpenDSR 2.0"
        )
    known: list[Identity] = []
    unknown: list[str] = []
    for each in [*given[0], *given[1]]:
        kind = OPENDSR_IDENTITIES.get(str(each.get("identity_type")))
        if kind is None:
            unknown.append(str(each.get("identity_type")))
            continue
        if each.get("identity_format", "raw") != "raw":
            raise RequestProblem(
                f"an identity is given as {str(each.get('identity_format'))[:10]}",
                where,
                "ask for it raw: state keeps it as a keyed hash only; lists of hashes go to `onefold rights suppress`",
            )
        known.append(Identity(kind, str(each.get("identity_value") or "")))
    return known, unknown


def _csv(text: str, name: str, region: str | None) -> Iterator[NewRequest]:
    rows = csv.DictReader(io.StringIO(text))
    header = list(rows.fieldnames or [])
    unknown = sorted(set(header) - set(CSV_COLUMNS))
    if "kind" not in header or unknown or len(set(header)) < len(header):
        raise RequestProblem(
            f"its header has {len(unknown)} unknown columns"
            if unknown
            else "its header names a column twice"
            if "kind" in header
            else "its header has no column kind",
            f"{name}, line 1",
            f"the columns are {', '.join(CSV_COLUMNS)}",
        )
    for row in _read(rows, name):
        where = f"{name}, line {rows.line_num}"
        if None in row:
            raise RequestProblem(
                "it has more cells than the header", where, "put a cell that holds a comma in quotes"
            )
        names = ("email", "phone", "customer_id", "record", "loyalty_id")
        yield NewRequest(
            kind=(row["kind"] or "").strip(),
            identities=[Identity(each, row[each]) for each in names if (row.get(each) or "").strip()],
            jurisdiction=(row.get("jurisdiction") or "gdpr").strip(),
            received_at=_time(row.get("received"), where),
            received_on=_day(row.get("received")),
            request_id=_request_id(row.get("request_id"), where),
            region=region,
        )


def _read(rows: csv.DictReader[str], name: str) -> Iterator[dict[Any, Any]]:
    try:
        yield from rows
    except csv.Error:
        raise RequestProblem(
            "a line cannot be read", f"{name}, line {rows.line_num}", "give plain CSV"
        ) from None


def _request_id(value: object, where: str) -> str | None:
    if value in (None, ""):
        return None
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", str(value)):
        raise RequestProblem("its request id is no UUID", where, "give a UUID, or leave it out: one is made")
    return str(value)


def _day(value: object) -> date | None:
    """The day of what is a day and no more: no zone moves it."""
    return date.fromisoformat(str(value)) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)) else None


def _time(value: object, where: str) -> datetime:
    """UTC without zone. What has no time arrived now."""
    if value in (None, ""):
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        found = datetime.fromisoformat(str(value))
        if found.year < 2000:
            raise ValueError
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        raise RequestProblem("its time is no RFC 3339 time", where, "such as 2026-01-31T09:00:00Z") from None
