"""Files that leave the site: nothing that a spreadsheet would execute, and values as they are for machines."""

from __future__ import annotations

import csv
import html
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets import audit
from cdp_assets.web.exports import guarded_text, machine_csv, parquet, spreadsheet_csv
from tests.web.conftest import Reader

FORMULAS = [
    "=1+1", "+1", "-1+1", "@SUM(A1)", "|calc", "%0A=1", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "\ufeff=1", "\u2060\u200d=1",
    "\u00a0=1", "\u3000=1", "\u0301=1", "＝1+1", "﹢1", "－1", "＠x", "\u202e=1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text_in_a_file_for_spreadsheets(text: str) -> None:
    written = spreadsheet_csv(pd.DataFrame({"name": [text]})).decode("utf-8-sig")
    ((_,), (value,)) = list(csv.reader(io.StringIO(written, newline="")))
    assert value == "'" + text


@pytest.mark.parametrize("text", ["Ann Lee", "张伟", "a=b", "O'Neil", "", "1-2"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert guarded_text(text) == text


@given(st.text())
def test_no_text_begins_with_what_a_spreadsheet_executes(text: str) -> None:
    guarded = str(guarded_text(text))
    seen = guarded.lstrip("\ufeff\u200b\u200c\u200d\u2060 \u00a0\u3000\x00")
    assert not seen.startswith(("=", "+", "-", "@"))


def test_a_formula_behind_a_semicolon_stays_in_its_cell_where_semicolons_split() -> None:
    written = spreadsheet_csv(pd.DataFrame({"name": ["x;=1+1;y"], "n": [1]})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_a_heading_is_guarded_and_numbers_stay_numbers() -> None:
    written = spreadsheet_csv(pd.DataFrame({"=x": [-1.5]})).decode("utf-8-sig")
    assert written == '"\'=x"\r\n-1.5\r\n'


def test_a_file_for_machines_has_the_values_and_nothing_else() -> None:
    table = pd.DataFrame({"phone": ["+8613800000001", None], "name": ["=1+1", "张伟"]})
    assert machine_csv(table) == "phone,name\n+8613800000001,=1+1\n,张伟\n".encode()
    assert pd.read_parquet(io.BytesIO(parquet(table)))["phone"].iloc[0] == "+8613800000001"


@pytest.mark.parametrize(
    ("form", "suffix"), [("csv", "machine.csv"), ("spreadsheet", "spreadsheet.csv"), ("parquet", "parquet")]
)
def test_a_files_name_says_what_it_is_for_and_the_log_has_it(site: Reader, form: str, suffix: str) -> None:
    answer = site.get("/export/segments", params={"block": "segments_table", "form": form})
    assert answer.headers["content-disposition"].endswith(f'{suffix}"')
    entry = audit.read(site.settings)[0]
    assert (entry.action, entry.facts["form"]) == ("export", form)


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_chart_that_is_saved_is_in_the_log_and_one_that_is_looked_at_is_not(
    site: Reader, form: str
) -> None:
    page = html.unescape(site.get("/").text)
    found = re.search(rf'href="(/chart/[^"]+\.{form}[^"]*)" download', page)
    assert found
    site.get(found.group(1).partition("?")[0])
    assert audit.read(site.settings) == []
    assert site.get(found.group(1)).status_code == 200
    assert audit.read(site.settings)[0].facts["form"] == form


@pytest.mark.parametrize("query", ["block=segments_table&form=exe", "block=nothing&form=csv", "form=csv", ""])
def test_a_file_that_is_none_is_not_found_and_not_noted(site: Reader, query: str) -> None:
    assert site.get(f"/export/segments?{query}").status_code == 404
    assert audit.read(site.settings) == []
