"""The log of who saw, searched, exported, ruled and requested what, and when: append-only, chained, and able to forget a person.

The chain (HOME/audit/chain.jsonl) holds no content: each line has the HMAC of its entry under a salt of its own, and the hash of the
line before. Entries and salts stand apart (HOME/audit/entries.sqlite), so that an erasure deletes them and the chain still holds.
One lock serves every process. Who may read the log, and what is worth an entry, is others' part.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdp_assets.keys import hmac_of, is_same
from cdp_assets.private_files import alone
from cdp_assets.settings import Settings

START = "0" * 64  # what the first line follows
SLICE = 5000  # entries that are read at a time
FORGOTTEN = "forgotten"  # the action of the entry that names entries which an erasure deleted


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did. subjects: customer ids or record keys that it is about; facts hold codes, ids and counts."""

    number: int
    at: str
    actor: str
    action: str
    subjects: tuple[str, ...]
    facts: dict[str, Any]


@dataclass
class Verdict:
    """What the check of the log found; `problems` in words, none where it holds."""

    lines: int = 0
    kept: int = 0
    forgotten: int = 0
    head: str = START
    problems: list[str] = field(default_factory=list)


def append(
    settings: Settings, actor: str, action: str, *, subjects: Sequence[str] = (), **facts: object
) -> int:
    """Append one entry and sync it; returns its number. Facts never hold a name, a phone or an address."""
    folder = _folder(settings)
    with alone(folder / "lock"), closing(_entries(folder)) as entries:
        number, head = _end(folder / "chain.jsonl")
        entry = {
            "number": number + 1, "at": datetime.now(UTC).isoformat(timespec="seconds"), "actor": actor, "action": action,
            "subjects": list(subjects), "facts": facts,
        }  # fmt: skip
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str)
        salt = secrets.token_bytes(32)
        mac = _mac(salt, text)
        with (
            entries
        ):  # before the line: an entry without a line is written over, a line without its entry is a hole
            entries.execute("insert or replace into entries values (?, ?, ?)", (number + 1, salt, text))
            entries.execute("delete from subjects where number = ?", (number + 1,))
            entries.executemany(
                "insert into subjects values (?, ?)", [(each, number + 1) for each in dict.fromkeys(subjects)]
            )
        _write_line(folder / "chain.jsonl", number + 1, mac, head)
    return number + 1


def read(
    settings: Settings,
    *,
    actor: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 1000,
) -> list[Entry]:
    """The latest entries that are kept, newest first; before: only those of smaller numbers, for the next page."""
    folder = _folder(settings)
    with closing(_entries(folder)) as entries:
        rows = entries.execute(
            """
            select entry from entries
            where (?1 is null or json_extract(entry, '$.actor') = ?1) and (?2 is null or json_extract(entry, '$.action') = ?2)
                and (?3 is null or number < ?3)
            order by number desc limit ?4
            """,
            (actor, action, before, limit),
        ).fetchall()
    return [_entry(text) for (text,) in rows]


def count(settings: Settings, subjects: Sequence[str], names: Callable[[str], bool] = lambda _: False) -> int:
    """Entries about some subjects, or whose text names them: a query says whom it looked for."""
    folder = settings.home / "audit"
    if not (folder / "entries.sqlite").exists():
        return 0
    with closing(_entries(folder)) as entries:
        return len(_about(entries, subjects, names))


def _about(entries: sqlite3.Connection, subjects: Sequence[str], names: Callable[[str], bool]) -> list[int]:
    found = entries.execute(
        "select number from subjects where subject in (select value from json_each(?))",
        [json.dumps(list(subjects))],
    ).fetchall()
    told = entries.execute("select number, entry from entries")
    return sorted({*(row[0] for row in found), *(number for number, text in told if names(text))})


def forget(
    settings: Settings, subjects: Sequence[str], *, actor: str, names: Callable[[str], bool] = lambda _: False
) -> int:
    """Delete the entries that `count` counts, for an erasure; the chain stays, and one entry says which numbers are gone."""
    folder = _folder(settings)
    with alone(folder / "lock"), closing(_entries(folder)) as entries:
        numbers = _about(entries, subjects, names)
        with entries:
            entries.executemany("delete from entries where number = ?", [(number,) for number in numbers])
            entries.executemany("delete from subjects where number = ?", [(number,) for number in numbers])
        entries.execute("vacuum")
    if numbers:
        append(settings, actor, FORGOTTEN, numbers=numbers)
    return len(numbers)


def head(settings: Settings) -> tuple[int, str]:
    """Number and hash of the last line, for a manifest to record: what it recorded cannot be taken back unseen."""
    folder = _folder(settings)
    with alone(folder / "lock"):
        return _end(folder / "chain.jsonl")


def verify(settings: Settings, recorded: Sequence[tuple[int, str]] = ()) -> Verdict:
    """Check every line, every entry that is kept, and that the heads which manifests recorded are still there.

    Lines and entries are read once, side by side, as far as the log went when this began: others write meanwhile. What is held are the
    numbers of entries that are gone.
    """
    folder = _folder(settings)
    verdict = Verdict()
    heads = {0: START, **{number: "" for number, _ in recorded if number > 0}}
    with closing(_entries(folder)) as entries:
        with alone(folder / "lock"):
            last, _ = _end(folder / "chain.jsonl")
            # One entry may be ahead of its line: a crash came between, and the next takes its place.
            without_line = [
                row[0] for row in entries.execute("select number from entries where number > ?", (last + 1,))
            ]
        kept = _Kept(entries, last)
        missing, gone = _walk(folder, kept, heads, verdict, last)
        without_line += kept.rest()
        gone |= _forgotten_after(entries, last)
    verdict.forgotten = len(missing & gone)
    verdict.problems += [
        f"entry {number} is missing, and no erasure names it" for number in sorted(missing - gone)
    ]
    verdict.problems += [f"entry {number} has no line in the chain" for number in without_line]
    verdict.problems += [
        f"line {number} is not the one that a generation recorded"
        for number, seen in recorded
        if heads.get(number) != seen
    ]
    return verdict


def _walk(
    folder: Path, kept: _Kept, heads: dict[int, str], verdict: Verdict, last: int
) -> tuple[set[int], set[int]]:
    """Every line beside its entry: (numbers whose entry is missing, numbers that entries say are forgotten). Fills in the wanted heads."""
    missing: set[int] = set()
    gone: set[int] = set()
    for line in _lines(folder / "chain.jsonl"):
        if line is not None and line.get("number", 0) > last:
            break
        is_whole = _check_line(line, verdict)
        if verdict.lines in heads:
            heads[verdict.lines] = verdict.head if is_whole else ""
        entry = kept.of(verdict.lines)
        if entry is None:
            missing.add(verdict.lines)
        else:
            gone |= _check_entry(line if is_whole else None, verdict, *entry)
    return missing, gone


def _forgotten_after(entries: sqlite3.Connection, last: int) -> set[int]:
    """Numbers that an erasure took while the log was looked through."""
    rows = entries.execute(
        "select entry from entries where number > ? and json_extract(entry, '$.action') = ?",
        (last, FORGOTTEN),
    ).fetchall()
    return {number for (text,) in rows for number in _entry(text).facts.get("numbers", ())}


class _Kept:
    """Entries in the order of their numbers, taken one by one; those that nobody asks for have no line."""

    def __init__(self, entries: sqlite3.Connection, last: int) -> None:
        self._rows = _in_slices(entries, last)
        self._next = next(self._rows, None)
        self._skipped: list[int] = []

    def of(self, number: int) -> tuple[bytes, str] | None:
        """Salt and text of one entry; None where it is not kept. Numbers are asked for in their order."""
        while self._next is not None and self._next[0] < number:
            self._skipped.append(self._next[0])
            self._next = next(self._rows, None)
        if self._next is None or self._next[0] != number:
            return None
        _, salt, text = self._next
        self._next = next(self._rows, None)
        return salt, text

    def rest(self) -> list[int]:
        """Numbers of entries that were skipped, or stand behind the last that was asked for."""
        return [*self._skipped, *([self._next[0]] if self._next else []), *(row[0] for row in self._rows)]


def _in_slices(entries: sqlite3.Connection, last: int) -> Iterator[tuple[int, bytes, str]]:
    """Number, salt and text of every entry; nobody who writes waits longer than for one slice."""
    number = -1
    while rows := entries.execute(
        "select number, salt, entry from entries where number > ? and number <= ? order by number limit ?",
        (number, last, SLICE),
    ).fetchall():
        yield from rows
        number = rows[-1][0]


def _check_line(line: dict[str, Any] | None, verdict: Verdict) -> bool:
    """Whether a line follows the one before it; counts it, and makes it the head."""
    verdict.lines += 1
    number = verdict.lines
    if line is None or line.get("number") != number or line.get("before") != verdict.head:
        verdict.problems.append(f"line {number} does not follow the line before it")
        return False
    verdict.head = _line_hash(number, str(line.get("mac")), verdict.head)
    if line.get("hash") != verdict.head:
        verdict.problems.append(f"line {number} does not have its own hash")
    return True


def _check_entry(line: dict[str, Any] | None, verdict: Verdict, salt: bytes, text: str) -> set[int]:
    """Compare an entry with its line (None: a line that is broken itself); returns the numbers of entries that it says are forgotten."""
    if line is not None:
        verdict.kept += 1
        if not is_same(_mac(salt, text), str(line.get("mac"))):
            verdict.problems.append(f"entry {verdict.lines} is not the one that was written")
    entry = _entry(text)
    return set(entry.facts.get("numbers", ())) if entry.action == FORGOTTEN else set()


def _folder(settings: Settings) -> Path:
    folder = settings.home / "audit"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _entries(folder: Path) -> sqlite3.Connection:
    path = folder / "entries.sqlite"
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    con = sqlite3.connect(path, timeout=30)
    con.execute("pragma secure_delete = on")
    con.execute("pragma synchronous = full")
    con.execute(
        "create table if not exists entries (number integer primary key, salt blob not null, entry text not null)"
    )
    con.execute("create table if not exists subjects (subject text not null, number integer not null)")
    con.execute("create index if not exists subjects_by_subject on subjects (subject)")
    return con


def _end(chain: Path) -> tuple[int, str]:
    """Number and hash of the last whole line; a line torn by a crash is cut off."""
    if not chain.exists():
        return 0, START
    with chain.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 4096, 0))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(size - (len(tail) - whole))
        lines = tail[:whole].splitlines()
    if not lines:
        return 0, START
    last = json.loads(lines[-1])
    return int(last["number"]), str(last["hash"])


def _write_line(chain: Path, number: int, mac: str, before: str) -> None:
    line = {"number": number, "mac": mac, "before": before, "hash": _line_hash(number, mac, before)}
    descriptor = os.open(chain, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lines(chain: Path) -> Iterator[dict[str, Any] | None]:
    if not chain.exists():
        return
    with chain.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                found = json.loads(text)
            except ValueError:
                found = None
            yield found if isinstance(found, dict) else None


def _entry(text: str) -> Entry:
    found = json.loads(text)
    return Entry(
        found["number"],
        found["at"],
        found["actor"],
        found["action"],
        tuple(found["subjects"]),
        found["facts"],
    )


def _mac(salt: bytes, text: str) -> str:
    return hmac_of(salt, text.encode()).hex()


def _line_hash(number: int, mac: str, before: str) -> str:
    return hashlib.sha256(f"{number}\n{mac}\n{before}".encode()).hexdigest()
