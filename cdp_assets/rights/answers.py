"""An answer to a request of access as one ZIP: JSON for machines, a CSV for each table, a page to read in the person's language.

Answers lie in HOME/answers, owner-only, until they expire; an erasure removes those that hold the person. What goes in is `access`' part.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader

from cdp_assets.landing.files import hash_file, make_private_dir, replacing
from cdp_assets.private_files import sync
from cdp_assets.rights import words
from cdp_assets.rights.access import Found, Part
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Request
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

FOLDER = "answers"
FORMAT = 1
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
PLAIN_NUMBER = r"[+-]?[0-9][0-9 ().,-]*"


def folder(settings: Settings) -> Path:
    return make_private_dir(settings.home / FOLDER)


def write(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    request: Request,
    found: Found,
    records: Sequence[str],
    *,
    language: str,
    requests_made: Sequence[Request] = (),
) -> Path:
    """Write the ZIP whole, and enter it; an earlier one of the request is replaced. con: state. Raises OSError where the disk is full: nothing is left then."""
    made = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    expires = made + timedelta(days=settings.answer_days)
    facts = {
        "format": FORMAT, "request_id": request.request_id, "jurisdiction": request.jurisdiction, "received_at": request.received_at.isoformat(),
        "made_at": made.isoformat(), "expires_at": expires.isoformat(), "language": language, "records": found.records,
        "withheld_cells": found.withheld, "left_out": found.left_out, "is_mixed": found.is_mixed,
        "requests": [{"kind": each.kind, "received_at": each.received_at.isoformat(), "status": each.status} for each in requests_made],
    }  # fmt: skip
    path = folder(settings) / f"{request.request_id}.zip"
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", _json(facts, found.parts))
        for part in found.parts:
            archive.writestr(f"tables/{part.name}.csv", _csv(part))
        archive.writestr(f"answer.{language}.html", page(facts, found.parts, language, found.definitions))
    path.chmod(0o600)
    con.execute("delete from rights_answer_records where request_id = ?", [request.request_id])
    con.execute(
        "insert or replace into rights_answers values (?, ?, ?, ?, ?, null, null, null)",
        [request.request_id, path.name, hash_file(path), made, expires],
    )
    con.executemany(
        "insert into rights_answer_records values (?, ?)", [[request.request_id, each] for each in records]
    )
    return path


def _json(facts: dict[str, Any], parts: Sequence[Part]) -> str:
    content = {
        **facts,
        "tables": {
            part.name: [dict(zip(part.columns, row, strict=True)) for row in part.rows] for part in parts
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=1, default=str)


def _csv(part: Part) -> str:
    """UTF-8 with a byte order mark, for spreadsheets: text that one would run as a formula stands behind an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(part.columns)
    for row in part.rows:
        writer.writerow(["" if cell is None else _guarded(str(cell)) for cell in row])
    return "\ufeff" + buffer.getvalue()


def _guarded(text: str) -> str:
    return "'" + text if text.startswith(RISKY) and not re.fullmatch(PLAIN_NUMBER, text) else text


def page(facts: dict[str, Any], parts: Sequence[Part], language: str, definitions: dict[str, str]) -> str:
    """The page to read: what is held, from where, why, who got it, for how long, and what judgements rest on."""
    own = words.texts(language)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [
        (
            part,
            [
                [_cell(language, name, cell) for name, cell in zip(part.columns, row, strict=True)]
                for row in part.rows
            ],
        )
        for part in parts
    ]
    judged = next((part for part in parts if part.name == "judgements"), None)
    meanings = {
        name: words.definition(language, name, definitions.get(name, ""))
        for name in dict.fromkeys(row[1] for row in (judged.rows if judged else []))
    }
    return environment.get_template("answer.html").render(
        facts=facts, own=own, shown=shown, meanings=meanings, language=language,
        label=lambda name, family="columns": words.label(language, name, family),
    )  # fmt: skip


def _cell(language: str, column: str, cell: Any) -> str:
    own = words.texts(language)
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return str(own["words"]["yes" if cell else "no"])
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    family = words.CODES.get(column)
    return words.label(language, str(cell), family) if family else str(cell)


def content_of(settings: Settings, answer: dict[str, Any]) -> tuple[str, bytes]:
    """(name, content) of an answer, by its entry. Raises RequestProblem where it expired, was erased, or is not what was written."""
    name = Path(str(answer["file_name"])).name
    path = settings.home / FOLDER / name
    is_over = datetime.fromisoformat(str(answer["expires_at"])) < datetime.now(UTC).replace(tzinfo=None)
    if answer["ended_because"] or is_over or not path.is_file():
        raise RequestProblem(
            f"the answer is gone ({answer['ended_because'] or 'expired'})", name, "take a new request"
        )
    if hash_file(path) != answer["sha256"]:
        raise RequestProblem(
            "the answer is not the file that was written",
            f"HOME/{FOLDER}/{name}",
            "remove it and take a new request",
        )
    return name, path.read_bytes()


def note_fetched(con: duckdb.DuckDBPyConnection, request_id: str) -> None:
    """con: state."""
    con.execute(
        "update rights_answers set fetched_at = coalesce(fetched_at, now()::timestamp) where request_id = ?",
        [request_id],
    )


def unfetched(con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> list[str]:
    """Requests of access whose answers about these records are there and were never fetched. con: state."""
    rows = con.execute(
        "select distinct request_id from rights_answers inner join rights_answer_records using (request_id) "
        "where fetched_at is null and ended_at is null and record_key in (select unnest(?::varchar[])) order by 1",
        [list(records)],
    ).fetchall()
    return [row[0] for row in rows]


def expire(settings: Settings, now: datetime | None = None) -> int:
    """Remove the answers whose time is over, and files that state does not know; returns how many went."""
    place = settings.home / FOLDER
    if not place.is_dir():
        return 0
    now = now or datetime.now(UTC).replace(tzinfo=None)
    with connect_state(settings) as con:
        over = con.execute(
            "select request_id, file_name from rights_answers where ended_at is null and expires_at <= ?",
            [now],
        ).fetchall()
        _end(con, place, over, "expired")
        known = {
            row[0]
            for row in con.execute("select file_name from rights_answers where ended_at is null").fetchall()
        }
    lost = [path for path in place.iterdir() if path.name not in known]
    for path in lost:
        path.unlink(missing_ok=True)
    sync(place)
    return len({name for _, name in over} | {path.name for path in lost})


def find(settings: Settings, records: Sequence[str]) -> list[Path]:
    """Answers that hold one of these records."""
    if not (settings.home / FOLDER).is_dir():
        return []
    with connect_state(settings, read_only=True) as con:
        return [
            path for _, name in _holding(con, records) if (path := settings.home / FOLDER / name).exists()
        ]


def erase(settings: Settings, records: Sequence[str]) -> int:
    """Remove the answers that hold one of these records; returns how many went."""
    place = settings.home / FOLDER
    if not place.is_dir():
        return 0
    with connect_state(settings) as con:
        holding = _holding(con, records)
        _end(con, place, holding, "erased")
    sync(place)
    return len(holding)


def _holding(con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> list[tuple[str, str]]:
    rows = con.execute(
        "select distinct request_id, file_name from rights_answers inner join rights_answer_records using (request_id) "
        "where ended_at is null and record_key in (select unnest(?::varchar[])) order by all", [list(records)]
    ).fetchall()  # fmt: skip
    return [(request_id, name) for request_id, name in rows]


def _end(
    con: duckdb.DuckDBPyConnection, place: Path, answers: Sequence[tuple[str, str]], because: str
) -> None:
    for request_id, name in answers:
        (place / name).unlink(missing_ok=True)
        con.execute(
            "update rights_answers set ended_at = now()::timestamp, ended_because = ? where request_id = ?",
            [because, request_id],
        )
        con.execute("delete from rights_answer_records where request_id = ?", [request_id])
