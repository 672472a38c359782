"""Workbooks: the same bytes every time, and readable by others."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_calamine import load_workbook

from cdp_assets.demo.xlsx import column_name, write_workbook


def test_a_workbook_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, ["订单编号", "note"], [("0001", 'a <b> & "c"'), ("0002", None), ("0003", " x ")])
    rows = load_workbook(path).get_sheet_by_index(0).to_python()
    assert rows == [["订单编号", "note"], ["0001", 'a <b> & "c"'], ["0002", ""], ["0003", " x "]]


def test_the_same_cells_give_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_workbook(tmp_path / name, ["x"], [("1",)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_named_as_in_a_spreadsheet(index: int, name: str) -> None:
    assert column_name(index) == name
