"""A spreadsheet must not execute what the pages export, and figures must survive."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.pages.customer_parts import shown_fact
from cdp_assets.pages.exports import RISKY_STARTS, parquet, safe_csv


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("value", ["=1+1", "+86138", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝cmd"])
def test_text_that_a_spreadsheet_would_execute_is_made_text(value: str) -> None:
    assert read_back(safe_csv(pd.DataFrame({"name": [value]})))[1][0] == "'" + value


def test_headings_are_guarded_too() -> None:
    assert read_back(safe_csv(pd.DataFrame({"=HYPERLINK(1)": ["x"]})))[0] == ["'=HYPERLINK(1)"]


def test_negative_numbers_stay_numbers() -> None:
    assert read_back(safe_csv(pd.DataFrame({"net_revenue": [-12.5]})))[1] == ["-12.5"]


def test_harmless_text_is_left_as_it_is() -> None:
    assert read_back(safe_csv(pd.DataFrame({"name": ["张伟", "O'Neil", None]})))[1:] == [
        ["张伟"],
        ["O'Neil"],
        [""],
    ]


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_no_text_cell_begins_as_a_formula(value: str) -> None:
    cell = read_back(safe_csv(pd.DataFrame({"a": [value], "b": ["end"]})))[1][0]
    assert not cell.lstrip().startswith(RISKY_STARTS)


def test_parquet_gives_the_values_back() -> None:
    table = pd.DataFrame({"customer_id": ["a"], "name": ["=1+1"], "monetary": [-1.5]})
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet(table))), table)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("is_in_fit", np.True_, "yes"),
        ("is_population_order_value", np.False_, "no"),
        ("return_rate", 0.004, "0.4 %"),
        ("basket_value", None, "–"),
    ],
)
def test_a_fact_is_shown_as_what_it_is(name: str, value: object, shown: str) -> None:
    assert shown_fact(name, value, "USD") == shown
