"""A file that cannot land whole waits, with its reason and what to do; the others go on."""

from __future__ import annotations

import gzip
import importlib
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.landing import landing_status
from cdp_assets.landing.files import keep_original
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers import row_counts
from cdp_assets.landing.readers.row_counts import TextCount
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, held_reasons, land, landed, query_state

COLUMNS = (
    {"name": "id", "physicalName": "Order", "required": True},
    {"name": "phone", "physicalName": "Phone"},
)
GOOD = "Order,Phone\n1,2\n"

HELD = {
    "empty_file": b"",
    "header_only": b"Order,Phone\n",
    "missing_column": b"Order,Phone No\n1,2\n",
    "no_header": b"4711,13912345678\n4712,13912345679\n",
    "columns_reordered": b"Phone,Order\n1,2\n",
    "truncated": b"Order,Phone\n1,2\n2,13",
    "damaged_archive": gzip.compress(GOOD.encode())[:-6],
    "wrong_encoding": b"Order,Phone\n1,\xff\n",
    "too_many_columns": ("Order,Phone" + ",x" * 3000 + "\n1,2\n").encode(),
    "line_too_long": b"Order,Phone\n1," + b"2" * 2_000_000 + b"\n",
    "expands_too_far": gzip.compress(b"Order,Phone\n" + b"1,2\n" * 20_000_000),
}


@pytest.mark.parametrize("reason", HELD)
def test_a_bad_file_is_held_and_the_others_land(settings: Settings, reason: str) -> None:
    contracts = contract_of({"finalNewline": True}, *COLUMNS)
    deliver(settings, "shop/bad.csv", HELD[reason])
    deliver(settings, "shop/good.csv", GOOD)
    report = land(settings, contracts)
    assert held_reasons(report) == {"bad.csv": reason}
    assert report.held[0].remedy
    assert landed(settings, "shop", "sales", "id, phone") == [("1", "2")]
    assert [held.reason_code for held in landing_status(settings, contracts).held] == [reason]
    assert query_state(settings, "select count(*) from loads") == [(1,)]


def test_a_renamed_column_is_named_with_its_likely_new_name(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", HELD["missing_column"])
    report = land(settings, contract_of({}, *COLUMNS))
    assert "'Phone'" in report.held[0].detail
    assert "phone no" in report.held[0].detail


def test_the_first_row_of_a_headerless_file_is_never_shown(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", HELD["no_header"])
    report = land(settings, contract_of({}, *COLUMNS))
    assert "1391234567" not in f"{report.held[0].detail}{report.held[0].remedy}"


def test_an_alias_or_any_order_lands_where_the_contract_allows_it(settings: Settings) -> None:
    aliased = {**COLUMNS[1], "facts": {"aliases": ["Phone No"], "optional": True}}
    contracts = contract_of({"columnOrder": "any"}, COLUMNS[0], aliased)
    deliver(settings, "shop/a.csv", "phone no,ORDER\n2,1\n")
    deliver(settings, "shop/b.csv", "Order\n3\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, phone") == [("1", "2"), ("3", None)]


def test_unknown_folders_unmatched_files_and_strays_are_named_with_what_to_do(settings: Settings) -> None:
    deliver(settings, "tiktok/orders.csv", "a\n1\n")
    deliver(settings, "shop/readme.txt", "hello")
    deliver(settings, "stray.csv", GOOD)
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {
        "orders.csv": "unknown_channel",
        "readme.txt": "unmatched_file",
        "stray.csv": "not_in_a_channel_folder",
    }
    assert "onefold channel new tiktok" in next(h.remedy for h in report.held if h.channel == "tiktok")


def test_hidden_files_are_left_alone(settings: Settings) -> None:
    deliver(settings, ".onefold-demo", "")
    deliver(settings, "shop/.DS_Store", "x")
    assert land(settings, contract_of({}, *COLUMNS)).held == []


def test_a_file_that_grows_while_it_is_looked_at_is_held(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = contract_of({"settleSeconds": 5}, *COLUMNS)
    path = deliver(settings, "shop/a.csv", GOOD)
    monkeypatch.setattr("time.sleep", lambda _seconds: path.write_text(GOOD + "3,4\n"))
    assert held_reasons(land(settings, contracts)) == {"a.csv": "still_growing"}
    os.utime(path, (1, 1))
    assert held_reasons(land(settings, contracts)) == {}
    assert len(landed(settings, "shop", "sales")) == 2


def test_a_file_that_changes_while_it_is_copied_is_held_and_leaves_no_copy(settings: Settings) -> None:
    path = deliver(settings, "shop/a.csv", GOOD)
    with pytest.raises(FileHeld) as held:
        keep_original(path, settings.originals_dir, "0" * 64)
    assert held.value.reason_code == "still_growing"
    assert not [each for each in settings.originals_dir.rglob("*") if each.is_file()]


def test_a_declared_done_marker_is_waited_for(settings: Settings) -> None:
    contracts = contract_of({"doneMarker": ".done"}, *COLUMNS)
    deliver(settings, "shop/a.csv", GOOD)
    assert held_reasons(land(settings, contracts)) == {"a.csv": "no_done_marker"}
    deliver(settings, "shop/a.csv.done", "")
    assert held_reasons(land(settings, contracts)) == {}
    assert len(landed(settings, "shop", "sales")) == 1


def test_links_are_not_followed(settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(GOOD)
    deliver(settings, "shop/good.csv", GOOD)
    (settings.inbox_dir / "shop" / "link.csv").symlink_to(outside)
    (settings.inbox_dir / "shop" / "linked").symlink_to(tmp_path)
    assert held_reasons(land(settings, contract_of({}, *COLUMNS))) == {
        "link.csv": "not_a_regular_file",
        "linked": "not_a_regular_file",
    }


@pytest.mark.parametrize(
    "name", ["it's *[a-z]?.csv", "a;drop table loads;--.csv", "..csv", "a{b}.csv", "小明 (1).csv"]
)
def test_names_with_globs_and_quotes_are_only_names(settings: Settings, name: str) -> None:
    deliver(settings, f"shop/{name}" if not name.startswith(".") else f"shop/x{name}", GOOD)
    deliver(settings, "shop/other.csv", "Order,Phone\n9,9\n")
    land(settings, contract_of({}, *COLUMNS))
    assert len(landed(settings, "shop", "sales")) == 2


def test_control_characters_in_a_name_are_shown_escaped(settings: Settings) -> None:
    deliver(settings, "shop/a\x1b[31m.csv", GOOD)
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"a\\x1b[31m.csv": "bad_file_name"}


def test_a_zip_of_one_file_lands_and_of_two_is_held(settings: Settings) -> None:
    contracts = contract_of({"filePattern": r".*\.zip"}, *COLUMNS)
    for name, members in {"one.zip": ["../../evil.csv"], "two.zip": ["a.csv", "b.csv"]}.items():
        path = deliver(settings, f"shop/{name}", b"")
        with zipfile.ZipFile(path, "w") as archive:
            for member in members:
                archive.writestr(member, GOOD)
    assert held_reasons(land(settings, contracts)) == {"two.zip": "zip_members"}
    assert landed(settings, "shop", "sales", "id") == [("1",)]


def test_files_are_owner_only(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", GOOD)
    land(settings, contract_of({}, *COLUMNS))
    modes = {path.stat().st_mode & 0o077 for path in settings.landing_dir.rglob("*")}
    assert modes == {0}


def test_a_filled_column_without_a_header_lands_as_an_extra_and_a_trailing_delimiter_is_none(
    settings: Settings,
) -> None:
    contracts = contract_of({"delimiter": ","}, {"name": "id"}, {"name": "n"})
    deliver(settings, "shop/a.csv", "id,,n,\n1,x,2,\n")
    assert land(settings, contracts).exports[0].extra_columns == ["extra_column"]
    assert landed(settings, "shop", "sales", "extra_column") == [("x",)]


def test_a_reader_that_loses_a_row_holds_the_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count by other code is compared with what the reader found; a difference lands nothing."""
    honest = row_counts.count_records

    def one_more(*args: Any) -> TextCount:
        count = honest(*args)
        count.records += 1
        return count

    monkeypatch.setattr(row_counts, "count_records", one_more)
    deliver(settings, "shop/a.csv", GOOD)
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"a.csv": "row_count_mismatch"}
    assert landed(settings, "shop", "sales") == []


@pytest.mark.parametrize("content", [b"Order,Phone\r1,2\r2,3\r", b"Order\r,Phone\n1,2\n"])
def test_a_lone_carriage_return_in_the_header_holds_the_file_and_the_others_land(
    settings: Settings, content: bytes
) -> None:
    deliver(settings, "shop/bad.csv", content)
    deliver(settings, "shop/good.csv", GOOD)
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"bad.csv": "malformed_header"}
    assert landed(settings, "shop", "sales", "id") == [("1",)]


@pytest.mark.parametrize(
    ("function", "error", "code"),
    [
        ("cdp_assets.landing.new_files.hash_file", PermissionError(13, "no"), "unreadable"),
        ("cdp_assets.landing.new_files.hash_file", FileNotFoundError(2, "gone"), "vanished"),
        ("cdp_assets.landing.load.keep_original", OSError(5, "I/O error"), "unreadable"),
        ("cdp_assets.landing.isolation.workers.check_outside", KeyError("ann@example.com"), "reader_failed"),
        ("cdp_assets.landing.isolation.workers.inspect_file", MemoryError(), "beyond_limits"),
        ("cdp_assets.landing.isolation.workers.parse_sieved", ValueError("ann@example.com"), "reader_failed"),
    ],
)
def test_whatever_is_raised_while_one_file_is_looked_at_holds_that_file_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, function: str, error: Exception, code: str
) -> None:
    module, _, name = function.rpartition(".")
    original = getattr(importlib.import_module(module), name)

    def raising(*arguments: Any) -> Any:
        if "bad" in str(arguments):
            raise error
        return original(*arguments)

    deliver(settings, "shop/bad.csv", "Order,Phone\n7,8\n")
    deliver(settings, "shop/good.csv", GOOD)
    monkeypatch.setattr(function, raising)
    monkeypatch.setattr("cdp_assets.landing.isolation.workers.batches", lambda _: [])
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"bad.csv": code}
    assert "ann@" not in str(report.held)
    assert landed(settings, "shop", "sales", "id") == [("1",)]


def test_a_file_that_vanishes_while_it_settles_stops_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = deliver(settings, "shop/gone.csv", GOOD)
    deliver(settings, "shop/good.csv", "Order,Phone\n3,4\n")
    monkeypatch.setattr("cdp_assets.landing.inbox.time.sleep", lambda _: path.unlink(missing_ok=True))
    report = land(settings, contract_of({"settleSeconds": 5}, *COLUMNS))
    assert held_reasons(report) == {"gone.csv": "vanished"}
    assert landed(settings, "shop", "sales", "id") == [("3",)]


def test_a_full_disk_is_not_the_files_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    deliver(settings, "shop/good.csv", GOOD)
    monkeypatch.setattr("cdp_assets.landing.load.keep_original", full)
    with pytest.raises(OSError, match="No space"):
        land(settings, contract_of({}, *COLUMNS))


@pytest.mark.parametrize("case", ["lone_carriage_return", "xlsx_damaged_directory", "damaged_byte_in_header"])
def test_poison_files_are_held_with_a_reason(settings: Settings, shared_dir: Path, case: str) -> None:
    folder = shared_dir / "cases" / case
    for path in folder.glob("*/*"):
        deliver(settings, f"{path.parent.name}/{path.name}", path.read_bytes())
    report = land(settings)
    assert len(report.held) == 1
    assert report.held[0].remedy
