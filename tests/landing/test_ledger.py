"""What the ledger says of each file: every column, at every stage; and nothing of other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.landing import ledger
from cdp_assets.landing.held import FileHeld, HeldFile
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.parse import ParseResult, QuarantineReason
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import query_state

ONE = Load(InboxFile(Path("/in/one.csv"), "shop", "sales", "one.csv", 10, 0, "201701", "a"), "1" * 64)
TWO = Load(InboxFile(Path("/in/two.csv"), "shop", "sales", "two.csv", 20, 0, None, None), "2" * 64)
ELSEWHERE = Load(InboxFile(Path("/in/one.csv"), "till", "sales", "one.csv", 10, 0, None, None), "1" * 64)
COUNTS = "parsed_rows, landed_rows, quarantined_rows, duplicate_rows, erased_rows, anonymised_rows, future_rows, ambiguous_time_rows"
RESULT = ParseResult(
    28, 1, 2, 3, 4, 18, 6, 7, extra_columns=["x"], newest_version="v9",
    reasons=[QuarantineReason("not_a_number", "n", 2, 5), QuarantineReason("too_short", None, 1, 8)],
)  # fmt: skip


def states(
    settings: Settings, columns: str = "channel, file_name, status, contract_version, run_id"
) -> list[tuple[object, ...]]:
    return query_state(settings, f"select {columns} from loads order by channel, file_name")


@pytest.fixture
def opened(settings: Settings) -> Settings:
    """Three files that are parsed now."""
    with connect_state(settings) as con:
        ledger.open_loads(con, [ONE, TWO, ELSEWHERE], "1.0.0", "first")
    return settings


def test_an_opened_file_is_not_current_and_says_what_it_is(opened: Settings) -> None:
    columns = "load_id, delivered_sha256, stored_sha256, size_bytes, status, reason_code, remedy, period, part, is_current, contract_version"
    assert states(opened, columns)[0] == (
        "1" * len(ONE.load_id), "1" * 64, "1" * 64, 10, "started", None, None, "201701", "a", False, "1.0.0",
    )  # fmt: skip
    assert [row[2] for row in states(opened)] == ["started"] * 3
    with connect_state(opened) as con:
        assert ledger.known_loads(con, "shop", "sales") == (set(), set())


def test_a_closed_file_has_its_counts_and_the_others_stay_open(opened: Settings) -> None:
    with connect_state(opened) as con:
        ledger.close_loads(con, [(ONE, RESULT)], "2.0.0", "second")
        ledger.close_loads(con, [], "3.0.0", "third")
        assert ledger.known_loads(con, "shop", "sales") == ({"1" * 64}, {("one.csv", "1" * 64)})
        assert ledger.known_loads(con, "till", "sales") == (set(), set())
    assert states(opened) == [
        ("shop", "one.csv", "landed", "2.0.0", "second"),
        ("shop", "two.csv", "started", "1.0.0", "first"),
        ("till", "one.csv", "started", "1.0.0", "first"),
    ]
    assert states(opened, f"{COUNTS}, extra_columns, newest_version")[0] == (
        28,
        1,
        2,
        3,
        4,
        18,
        6,
        7,
        ["x"],
        "v9",
    )
    reasons = "select load_id, channel, export, reason_code, column_name, quarantined_rows, first_line from quarantine_summary order by 4"
    assert query_state(opened, reasons) == [
        (ONE.load_id, "shop", "sales", "not_a_number", "n", 2, 5),
        (ONE.load_id, "shop", "sales", "too_short", None, 1, 8),
    ]


def test_a_file_that_lands_again_replaces_its_reasons_and_no_others(opened: Settings) -> None:
    with connect_state(opened) as con:
        ledger.close_loads(con, [(ONE, RESULT), (TWO, RESULT)], "1.0.0", "first")
        ledger.close_loads(con, [(ONE, ParseResult(1, 1))], "1.0.0", "second")
    assert query_state(opened, "select distinct load_id from quarantine_summary") == [(TWO.load_id,)]


def test_a_held_file_keeps_its_counts_and_is_parsed_again(opened: Settings) -> None:
    why = FileHeld("shrinks_export", "fewer", "look")
    with connect_state(opened) as con:
        ledger.hold_loads(con, [(ONE, RESULT, why)], "second")
        ((file, sha256),) = ledger.held_loads(con, "shop", "sales")
        assert ledger.held_loads(con, "till", "sales") == []
    assert (file.file_name, file.size_bytes, file.period, file.part, sha256) == (
        "one.csv",
        10,
        "201701",
        "a",
        "1" * 64,
    )
    columns = (
        "status, reason_code, remedy, parsed_rows, landed_rows, quarantined_rows, newest_version, run_id"
    )
    assert states(opened, columns)[0] == ("held", "shrinks_export", "look", 28, 0, 2, "v9", "second")
    assert [row[2] for row in states(opened)][1:] == ["started", "started"]
    with connect_state(opened) as con:
        con.execute("update loads set stored_sha256 = 'cut' where status = 'held'")
        ledger.open_loads(con, [ONE], "2.0.0", "third")
        assert ledger.cut_originals(con, "shop", "sales") == {"cut": "1" * 64}
    assert states(opened)[0] == ("shop", "one.csv", "started", "2.0.0", "third")
    assert states(opened)[2] == ("till", "one.csv", "started", "1.0.0", "first")


def test_only_files_that_never_landed_are_forgotten(opened: Settings) -> None:
    with connect_state(opened) as con:
        ledger.close_loads(con, [(ONE, RESULT)], "1.0.0", "first")
        ledger.drop_open_loads(con, [ONE, TWO])
    assert states(opened, "channel, file_name, status") == [
        ("shop", "one.csv", "landed"),
        ("till", "one.csv", "started"),
    ]


def test_a_copy_is_closed_at_once_and_says_that_there_is_nothing_to_do(settings: Settings) -> None:
    with connect_state(settings) as con:
        ledger.record_duplicates(con, [ONE], "1.0.0", "first")
        ledger.record_duplicates(con, [], "1.0.0", "first")
        assert ledger.known_loads(con, "shop", "sales") == (set(), {("one.csv", "1" * 64)})
    columns = "status, reason_code, remedy, parsed_rows, is_current"
    assert states(settings, columns) == [
        (
            "duplicate_file",
            "same_bytes",
            "nothing to do: its bytes have landed before; delete the copy",
            None,
            False,
        )
    ]


def test_what_waits_is_named_once_with_its_last_reason(settings: Settings) -> None:
    with connect_state(settings) as con:
        ledger.record_held(con, [HeldFile("shop", "sales", "a.csv", 1, "vanished", "gone", "wait")], "first")
        ledger.record_held(
            con, [HeldFile("shop", "sales", "a.csv", 2, "unreadable", "shut", "open it")], "second"
        )
        ledger.record_held(con, [], "third")
    rows = query_state(
        settings,
        "select channel, export, file_name, size_bytes, reason_code, detail, remedy, run_id from held_files",
    )
    assert rows == [("shop", "sales", "a.csv", 2, "unreadable", "shut", "open it", "second")]


def test_people_who_asked_to_be_forgotten_are_known_by_kind(settings: Settings) -> None:
    with connect_state(settings) as con:
        assert not ledger.suppressed_people(con)
        columns = [row[0] for row in con.execute("describe suppressions").fetchall()]
        assert {"identifier_pseudonym", "identifier_type"} <= set(columns)
