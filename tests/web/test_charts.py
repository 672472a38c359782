"""Charts fit the width that they are drawn at: what stands at the ends of bars, names in legends, the columns of heat maps."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cdp_assets.settings import Settings
from cdp_assets.web import charts, pictures
from cdp_assets.web.access.people import local_person
from cdp_assets.web.published import newest_published
from cdp_assets.web.texts import Texts
from cdp_assets.web.view import View


@pytest.fixture
def view(published: Settings) -> View:
    shown = newest_published(published)
    assert shown is not None
    from starlette.datastructures import QueryParams

    return View(published, shown, local_person(), Texts("en"), "", "/", QueryParams(""))


def _domain_of(view: View, chart: dict[str, Any], width: int) -> float:
    kept = pictures.specification_of(
        view.settings, charts.picture(view, "x", "x", chart).address.rpartition("/")[2]
    )
    assert kept is not None
    found: float = pictures._fitted(kept["chart"], width)["encoding"]["x"]["scale"]["domainMax"]
    return found


def test_bars_leave_room_for_the_number_at_their_end_at_every_width(view: View) -> None:
    table = pd.DataFrame({"segment": ["Cannot Lose Them", "Lost"], "net_revenue": [506_796.0, 7_211.0]})
    chart = charts.bars(view, table, "segment", "net_revenue")
    for width in pictures.WIDTHS.values():
        plot = width - 46 - 7 * len("Cannot Lose Them")
        assert plot * 506_796 / _domain_of(view, chart, width) + 7 * len("506,796") <= plot


def test_bars_of_nothing_are_drawn(view: View) -> None:
    table = pd.DataFrame({"segment": ["Lost"], "net_revenue": [0.0]})
    assert _domain_of(view, charts.bars(view, table, "segment", "net_revenue"), 300) == 1.0


@pytest.mark.parametrize(("columns", "narrowest"), [(3, "narrow"), (9, "half"), (13, "middle")])
def test_a_heat_map_says_the_narrowest_drawing_in_which_it_can_be_read(
    view: View, columns: int, narrowest: str
) -> None:
    table = pd.DataFrame({"months_since": range(columns), "cohort": "Dec 2016", "retention": 0.5})
    chart = charts.grid(view, table, "months_since", "cohort", "retention", shape=".0%")
    assert charts.picture(view, "x", "x", chart).narrowest == narrowest


def test_long_names_stand_below_each_other_in_the_legend_of_a_narrow_chart(view: View) -> None:
    table = pd.DataFrame(
        {"channel": "a", "reason": ["no touch in the window", "credited"], "conversions": [1, 2]}
    )
    chart = charts.stacked_bars(view, table, "channel", "conversions", "reason")
    columns = [pictures._fitted(chart, width)["config"]["legend"]["columns"] for width in (300, 1000)]
    assert columns == [1, 3]
