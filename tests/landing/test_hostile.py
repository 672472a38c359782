"""Hostile files cost little, and no message, state or artefact outside landing's own data holds a planted value."""

from __future__ import annotations

import gzip
import io
import logging
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.isolation import workers
from cdp_assets.landing.parse import open_parser
from cdp_assets.landing.readers import parquet_rows
from cdp_assets.landing.readers.xlsx_rows import check_package, read_sheet
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, held_reasons, land, query_state

COLUMNS = ({"name": "id", "required": True}, {"name": "n", "logicalType": "integer"})
CANARY = "kanarienvogel4711"


def test_ten_thousand_columns_and_a_forty_megabyte_line_are_refused_before_parsing(
    settings: Settings,
) -> None:
    deliver(settings, "shop/wide.csv", ("id,n" + ",x" * 10_000 + "\n1,2\n").encode())
    deliver(settings, "shop/long.csv", b"id,n\n1," + b"2" * 40_000_000 + b"\n")
    before = time.process_time()
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"wide.csv": "too_many_columns", "long.csv": "line_too_long"}
    assert time.process_time() - before < 3


def test_a_quote_that_never_closes_does_not_swallow_a_large_file(settings: Settings) -> None:
    deliver(settings, "shop/open.csv", b'id,n\n1,"2\n' + b"1,2\n" * 300_000)
    deliver(settings, "shop/odd.csv", b'id,n\na"b,1\n1,"2\n' + b"1,2\n" * 300_000)
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"open.csv": "line_too_long", "odd.csv": "line_too_long"}


def test_zips_are_refused_by_their_directory_before_anything_is_unpacked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_run_child", lambda *_: pytest.fail("a child was started"))
    for name, files, content in (("bomb", 1, bytes(70 << 20)), ("crowd", 10_001, b"")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(files):
                archive.writestr(f"{number}.csv", content)
        deliver(settings, f"shop/{name}.csv.zip", buffer.getvalue())
    report = land(settings, contract_of({"filePattern": ".*"}, *COLUMNS))
    assert held_reasons(report) == {"bomb.csv.zip": "expands_too_far", "crowd.csv.zip": "zip_members"}


def test_a_workbook_that_expands_a_thousandfold_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 20_000_000)
    with pytest.raises(FileHeld, match="expands_too_far"):
        check_package(path, 200)
    export = contract_of({"format": "xlsx"}, *COLUMNS)["shop"].exports[0]
    with pytest.raises(FileHeld, match="expands_too_far"):
        read_sheet(path, export, export.facts)


def test_a_sheet_with_a_cell_at_the_far_end_does_not_take_the_machine_with_it(settings: Settings) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "n"])
    book.active["XFD1048576"] = 1
    buffer = io.BytesIO()
    book.save(buffer)
    deliver(settings, "shop/far.xlsx", buffer.getvalue())
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *COLUMNS))
    assert held_reasons(report) == {"far.xlsx": "too_many_columns"}


def _with_entities() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet/>')
    return buffer.getvalue()


def _cut_footer() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "n": [1]}), buffer)
    whole = buffer.getvalue()
    return whole[:-20] + b"\xff" * 12 + whole[-8:]


@pytest.mark.parametrize(
    ("file_format", "content", "reason"),
    [
        ("xlsx", b"PK\x03\x04" + bytes(100), "damaged_archive"),
        ("xlsx", _with_entities(), "damaged_archive"),
        ("parquet", _cut_footer(), "damaged_archive"),
        ("parquet", b"PAR1", "damaged_archive"),
        ("csv", gzip.compress(b"id,n\n" + b"\n" * (65 << 20)), "expands_too_far"),
    ],
)
def test_what_a_few_bytes_tell_starts_no_child_and_reads_no_row(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, file_format: str, content: bytes, reason: str
) -> None:
    monkeypatch.setattr(workers, "_run_child", lambda *_: pytest.fail("a child was started"))
    monkeypatch.setattr(workers, "inspect_file", lambda *_: pytest.fail("the file was read"))
    deliver(settings, "shop/bad.file", content)
    report = land(settings, contract_of({"format": file_format, "filePattern": ".*"}, *COLUMNS))
    assert held_reasons(report) == {"bad.file": reason}


@pytest.mark.parametrize("has_dictionary", [True, False])
def test_a_parquet_of_one_text_a_thousandfold_is_refused_by_its_footer(
    tmp_path: Path, has_dictionary: bool
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": pa.array(["x" * 1000]).take(pa.array([0] * 100_000)), "n": [1] * 100_000})
    pq.write_table(table, path, use_dictionary=has_dictionary, compression="zstd")
    export = contract_of({"format": "parquet"}, *COLUMNS)["shop"].exports[0]
    with pytest.raises(FileHeld, match="expands_too_far"):
        parquet_rows.inspect_parquet(path, export, export.facts)


def test_a_child_starts_without_the_libraries_that_only_a_good_file_needs() -> None:
    code = "import sys, cdp_assets.landing.isolation.child; print({'duckdb', 'pyarrow', 'numpy'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_child_is_limited_in_processor_time_and_a_busy_machine_holds_no_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from cdp_assets.landing.isolation.child import _limit_processor_time as limit\nlimit(0)\nwhile True: pass"
    ended = subprocess.run([sys.executable, "-c", code], timeout=60)
    assert ended.returncode == -signal.SIGXCPU
    given: list[float] = []

    def stopped(*_: object, timeout: float, **__: object) -> subprocess.CompletedProcess[bytes]:
        given.append(timeout)
        return subprocess.CompletedProcess([], -signal.SIGXCPU)

    monkeypatch.setattr(workers, "needs_child", lambda _: True)
    monkeypatch.setattr("cdp_assets.landing.isolation.workers.subprocess.run", stopped)
    deliver(settings, "shop/slow.csv", "id,n\n1,1\n")
    report = land(settings, contract_of({}, *COLUMNS))
    assert "more time" in report.held[0].detail
    assert given[0] >= 10 * workers.CHILD_SECONDS


@pytest.mark.parametrize(
    ("asked", "given"),
    [("5", "(5, 900)"), ("5, 6", "(5, 6)"), ("950", "(900, 900)"), ("950, 960", "(900, 900)")],
)
def test_a_limit_that_a_process_was_started_under_stays(asked: str, given: str) -> None:
    """As under `ulimit -t 900`: who may not raise it still lands workbooks, and asks the SQL box."""
    code = (
        "from resource import RLIMIT_CPU, getrlimit, setrlimit; from cdp_assets.own_limits import set_limit\n"
        f"setrlimit(RLIMIT_CPU, (900, 900)); set_limit(RLIMIT_CPU, {asked}); print(getrlimit(RLIMIT_CPU))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == f"{given}\n"


def test_a_parquet_footer_with_absurd_row_counts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1"] * 30_000, "n": [1] * 30_000}), path)
    export = contract_of({"format": "parquet"}, *COLUMNS)["shop"].exports[0]
    assert parquet_rows.inspect_parquet(path, export, export.facts)[1] == 30_000
    monkeypatch.setattr(parquet_rows, "MAX_ROWS_PER_BYTE", 1)
    with pytest.raises(FileHeld, match="absurd_footer"):
        parquet_rows.inspect_parquet(path, export, export.facts)
    path.write_bytes(path.read_bytes()[:-20] + b"\xff" * 12 + path.read_bytes()[-8:])
    with pytest.raises(FileHeld, match="damaged_archive"):
        parquet_rows.inspect_parquet(path, export, export.facts)


def test_a_child_that_takes_too_long_holds_only_its_own_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHILD_SECONDS", 0)
    monkeypatch.setattr(workers, "SECONDS_PER_BYTE", 0)
    monkeypatch.setattr(workers, "needs_child", lambda job: job.file_name == "slow.csv")
    deliver(settings, "shop/slow.csv", "id,n\n1,1\n")
    deliver(settings, "shop/good.csv", "id,n\n2,2\n")
    report = land(settings, contract_of({}, *COLUMNS))
    assert held_reasons(report) == {"slow.csv": "beyond_limits"}
    assert report.exports[0].landed_rows == 1


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '/tmp/out.csv'",
        "install httpfs",
        "set threads = 9",
        "attach '/tmp/x.db'",
    ],
)
def test_the_parser_can_touch_its_own_folders_only(tmp_path: Path, statement: str) -> None:
    con = open_parser([tmp_path], "256MB", 1, b"key", [])
    with pytest.raises(duckdb.Error):
        con.execute(statement)
    con.close()


def test_no_planted_value_reaches_messages_state_or_logs(
    settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    bad: list[str | bytes] = [
        f"id,n\n1,{CANARY}\n",
        f"{CANARY},13912345678\n{CANARY},2\n",
        f'id,n\n"{CANARY}\n',
        f"id,n\n{CANARY}\n",
        f"id,n\n{CANARY},1\xff".encode("latin-1"),
        f"id,number\n{CANARY},1\n",
    ]
    for number, content in enumerate(bad):
        deliver(settings, f"shop/{number}.csv", content)
    report = land(settings, contract_of({"finalNewline": True}, *COLUMNS))
    assert report.held
    shown = caplog.text + "".join(capfd.readouterr()) + repr(report)
    for table in ("loads", "held_files", "quarantine_summary"):
        shown += repr(query_state(settings, f"select * from {table}"))
    assert CANARY not in shown
    assert CANARY.encode() not in settings.state_path.read_bytes()
    assert not [path for path in settings.landing_dir.iterdir() if path.name.startswith("_work-")]
