"""A table says names instead of codes, has one precision per column, explains its columns in one place, and gives files what it does not show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from starlette.datastructures import QueryParams

from cdp_assets.settings import Settings
from cdp_assets.web.access.people import local_person
from cdp_assets.web.blocks import Table
from cdp_assets.web.formats import Formats
from cdp_assets.web.pages import overview
from cdp_assets.web.published import newest_published
from cdp_assets.web.queries import overview as queries
from cdp_assets.web.tables import seldom, table
from cdp_assets.web.texts import Texts
from cdp_assets.web.view import View


@pytest.fixture
def view(published: Settings) -> View:
    shown = newest_published(published)
    assert shown is not None
    return View(published, shown, local_person(), Texts("en"), "", "/x", QueryParams(""))


def texts(found: Table, name: str) -> list[str]:
    at = [column.name for column in found.columns].index(name)
    return [row[at].text for row in found.rows]


def test_channels_are_called_as_they_call_themselves(view: View) -> None:
    rows = pd.DataFrame({"channel": ["google_ads", "my_shop"], "channels": ["shopify, my_shop", "ga4"]})
    found = table(view, "t", rows)
    assert texts(found, "channel") == ["Google Ads", "My shop"]
    assert texts(found, "channels") == ["Shopify, My shop", "Google Analytics"]
    assert Texts("zh").names("taobao + youzan", "channels") == "淘宝 + 有赞"
    assert Texts("zh").names("stayed there", "channels") == "stayed there"


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("net_revenue", [12000.75, 3.25, None], ["12,001", "3", "–"]),
        ("net_revenue", [999.5, 3], ["999.50", "3.00"]),
        ("conversions", [26283.0, 3.0], ["26,283", "3"]),
        ("actual_low", [0.0, 0.08], ["0.00", "0.08"]),
        ("order_count", [12000, 3], ["12,000", "3"]),
        ("identified_share", [0.5, 1.0], ["50.0%", "100.0%"]),
        ("birth_year", [1980, 1999], ["1980", "1999"]),
    ],
)
def test_a_column_has_one_precision(view: View, name: str, values: list[Any], wanted: list[str]) -> None:
    assert texts(table(view, "t", pd.DataFrame({name: values})), name) == wanted


def test_what_columns_mean_stands_under_the_table_and_rows_under_their_group(view: View) -> None:
    rows = pd.DataFrame({"customer_id": ["a", "b"], "team": ["one", "two"], "load_id": ["x", "y"]})
    found = table(view, "t", rows, "customers", names=["customer_id"], group="team", also=["load_id"])
    assert [term for term, _ in found.meanings] == ["Customer"] and found.groups == ["one", "two"]
    assert list(found.data.columns) == ["customer_id", "load_id"] and len(found.columns) == 1


def test_columns_of_blanks_and_zeros_alone_are_left_away() -> None:
    rows = pd.DataFrame({"a": [0, 0], "b": [0, 2], "c": [None, None], "d": ["x", None]})
    assert seldom(rows, "a", "b", "c", "d") == ["b", "d"]


def test_months_and_moments_have_one_form_in_each_language() -> None:
    english, chinese = Formats("en", "UTC", "USD"), Formats("zh", "UTC", "USD")
    moment = pd.Timestamp("2017-12-31 08:05:09", tz="UTC")
    assert (english.month("2017-12-01"), chinese.month("2017-12-01")) == ("Dec 2017", "2017年12月")
    assert (english.moment(moment), chinese.moment(moment)) == ("31 Dec 2017 08:05", "2017年12月31日 08:05")


def test_changes_have_their_sign(view: View) -> None:
    found = table(view, "t", pd.DataFrame({"change": [0.064, -0.016, 0.0]}), shares=["change"])
    assert texts(found, "change") == ["+6.4%", "−1.6%", "±0.0%"]


def test_the_scorecard_stands_in_the_order_of_its_file_and_metrics_of_ones_own_last(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pd.DataFrame({"metric": ["freshness_days", "my_own", "net_revenue", "active_customers"]})
    monkeypatch.setattr(queries, "scorecard", lambda shown, cadence: found)
    view: Any = SimpleNamespace(shown=None, settings=published)
    assert list(overview._scorecard(view, "quarterly")["metric"]) == [
        "net_revenue",
        "active_customers",
        "freshness_days",
        "my_own",
    ]
