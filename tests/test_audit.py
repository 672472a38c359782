"""The log of who did what: whole after crashes, changed by nobody unseen, and still whole after it forgot a person."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3

import pytest

from cdp_assets import audit
from cdp_assets.settings import Settings


@pytest.fixture
def written(settings: Settings) -> Settings:
    for number in range(5):
        audit.append(settings, "kim", "reveal", subjects=[f"customer{number % 2}"], reason="a call")
    return settings


def test_a_log_that_nobody_touched_holds(written: Settings) -> None:
    verdict = audit.verify(written, [audit.head(written)])
    assert (verdict.lines, verdict.kept, verdict.problems) == (5, 5, [])


def test_the_chain_itself_says_nothing_of_anybody(written: Settings) -> None:
    chain = (written.home / "audit" / "chain.jsonl").read_text(encoding="utf-8")
    assert "kim" not in chain and "customer" not in chain


def test_an_erasure_takes_the_entries_and_leaves_the_chain(written: Settings) -> None:
    head = audit.head(written)
    assert audit.forget(written, ["customer1"], actor="privacy") == 2
    verdict = audit.verify(written, [head])
    assert (verdict.problems, verdict.forgotten) == ([], 2)
    stored = (written.home / "audit" / "entries.sqlite").read_bytes()
    assert b"customer1" not in stored and b"customer0" in stored


def _entries(settings: Settings) -> sqlite3.Connection:
    return sqlite3.connect(settings.home / "audit" / "entries.sqlite")


def test_a_changed_entry_is_found(written: Settings) -> None:
    with _entries(written) as con:
        con.execute("update entries set entry = replace(entry, 'kim', 'lee') where number = 3")
    assert audit.verify(written).problems == ["entry 3 is not the one that was written"]


def test_an_entry_taken_without_an_erasure_is_found(written: Settings) -> None:
    with _entries(written) as con:
        con.execute("delete from entries where number = 2")
    assert audit.verify(written).problems == ["entry 2 is missing, and no erasure names it"]


def test_a_line_taken_from_the_middle_or_the_end_is_found(written: Settings) -> None:
    chain = written.home / "audit" / "chain.jsonl"
    head, lines = audit.head(written), chain.read_text(encoding="utf-8").splitlines(keepends=True)
    chain.write_text("".join([*lines[:2], *lines[3:]]), encoding="utf-8")
    assert audit.verify(written).problems
    chain.write_text("".join(lines[:4]), encoding="utf-8")
    assert "line 5 is not the one that a generation recorded" in audit.verify(written, [head]).problems


def test_a_log_rewritten_from_its_start_is_found_by_a_recorded_head(written: Settings) -> None:
    head = audit.head(written)
    for path in (written.home / "audit").iterdir():
        path.unlink()
    for _ in range(5):
        audit.append(written, "lee", "reveal")
    assert audit.verify(written).problems == []
    assert audit.verify(written, [head]).problems == ["line 5 is not the one that a generation recorded"]


def test_a_line_torn_by_a_crash_is_cut_off_by_the_next(written: Settings) -> None:
    with (written.home / "audit" / "chain.jsonl").open("a", encoding="utf-8") as chain:
        chain.write('{"number": 6, "mac": "')
    audit.append(written, "kim", "search")
    verdict = audit.verify(written)
    assert (verdict.lines, verdict.problems) == (6, [])


def _append_many(home: str, count: int) -> None:
    settings = Settings(home=home, key="k" * 32)  # type: ignore[arg-type]
    for _ in range(count):
        audit.append(settings, "worker", "search")


def test_workers_that_write_at_once_make_one_chain(settings: Settings) -> None:
    workers = [
        multiprocessing.get_context("fork").Process(target=_append_many, args=(str(settings.home), 15))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    verdict = audit.verify(settings)
    assert (verdict.lines, verdict.problems) == (45, [])


def test_the_log_is_its_owners_alone(written: Settings) -> None:
    assert all(path.stat().st_mode & 0o077 == 0 for path in (written.home / "audit").iterdir())
    json.loads((written.home / "audit" / "chain.jsonl").read_text(encoding="utf-8").splitlines()[0])


def test_the_log_is_read_a_page_at_a_time_from_its_end(settings: Settings) -> None:
    for number in range(1, 8):
        audit.append(settings, "kim" if number % 2 else "lee", "export", rows=number)
    first = audit.read(settings, limit=3)
    older = audit.read(settings, before=first[-1].number, limit=3)
    assert [each.number for each in first + older] == [7, 6, 5, 4, 3, 2]
    assert [each.number for each in audit.read(settings, actor="lee", before=6, limit=9)] == [4, 2]
    assert audit.read(settings, actor="lee", action="reveal") == []


def test_who_writes_does_not_wait_for_who_checks_and_what_they_write_is_no_fault(
    written: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an erasure meanwhile: what it takes is named by an entry that came later."""
    monkeypatch.setattr(audit, "SLICE", 1)
    checked = audit._check_line
    written_meanwhile: list[int] = []

    def check(line: object, verdict: audit.Verdict) -> bool:
        if verdict.lines == 1:
            written_meanwhile.append(audit.append(written, "lee", "search"))
            audit.forget(written, ["customer1"], actor="privacy")
        return checked(line, verdict)  # type: ignore[arg-type]

    monkeypatch.setattr(audit, "_check_line", check)
    verdict = audit.verify(written)
    assert written_meanwhile == [6]
    # Of the two that were taken one had been read before.
    assert (verdict.lines, verdict.forgotten, verdict.problems) == (5, 1, [])


def test_an_entry_that_is_in_no_line_is_found(written: Settings) -> None:
    with _entries(written) as con:
        con.execute("insert into entries select 9, salt, entry from entries where number = 5")
    assert audit.verify(written).problems == ["entry 9 has no line in the chain"]


def test_an_entry_whose_line_a_crash_kept_away_is_no_fault_as_the_next_takes_its_place(
    written: Settings,
) -> None:
    with _entries(written) as con:
        con.execute("insert into entries select 6, salt, entry from entries where number = 5")
    assert audit.verify(written).problems == []
    audit.append(written, "kim", "search")
    assert audit.verify(written).problems == []
