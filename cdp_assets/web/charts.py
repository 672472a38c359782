"""The few chart forms of the site as Vega-Lite, with one look; a page passes tidy tables and column names.

Which figures are drawn is the pages' part, how they become a picture is that of pictures.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cdp_assets.web import pictures
from cdp_assets.web.blocks import Picture
from cdp_assets.web.theme import ACCENT, CATEGORIES, INK, LINE, MUTED, SEQUENCE
from cdp_assets.web.view import View

HEIGHT = 240
APART: dict[str, Any] = {
    "labelOverlap": "greedy",
    "labelSeparation": 8,
}  # labels that would touch are left out
COUNT, MONEY, SHARE = ",.0f", ",.0f", ".1%"
LETTER = 7  # pixels of a letter or a digit, about
FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
CONFIG: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 180,
    },
    "legend": {
        "labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "orient": "top", "title": None, "columns": 3, "labelLimit": 140,
    },
}  # fmt: skip
Spec = dict[str, Any]


def picture(view: View, key: str, title: str, chart: Spec) -> Picture:
    """The chart as a block: kept for this generation, with what it says in words for who cannot see it."""
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "white",
        "padding": {
            "left": 16,
            "right": 16,
            "top": 6,
            "bottom": 6,
        },  # a reader's font may be wider than the drawer's
        "config": CONFIG,
        **chart,
    }
    alt, least = f"{title}. {whole.pop('_alt', '')}", whole.pop("_least", 0)
    name = pictures.keep(view.settings, view.shown, whole, view.texts.language)
    return Picture(key, title, f"{view.base}/chart/{name}", alt, pictures.narrowest(least))


def _data(table: pd.DataFrame) -> dict[str, Any]:
    plain = table.copy(deep=False)
    for name in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[name]):
            plain[name] = plain[name].dt.strftime("%Y-%m-%dT%H:%M:%S")
    return {"values": [
        {str(k): (None if v is None or v is pd.NaT or (isinstance(v, float) and v != v) else v) for k, v in row.items()}
        for row in plain.to_dict("records")
    ]}  # fmt: skip


def _said(view: View, table: pd.DataFrame, name: str, value: str, count: int = 5) -> str:
    """The largest of a chart's figures in words."""
    summed = table.groupby(name, observed=True)[value].sum().sort_values(ascending=False).head(count)
    said = [f"{_word(view, label)} {view.formats.cell(value, each)}" for label, each in summed.items()]
    return f"{view.label(value)}: " + "; ".join(said)


def _word(view: View, label: object) -> str:
    return view.formats.day(label) if isinstance(label, pd.Timestamp) else str(label)


def _colour(
    name: str, values: Sequence[Any], order: Sequence[str] | None = None, symbol: str = "square"
) -> Spec:
    """One colour per value in alphabetical (or the given) order, so that a channel keeps its colour from chart to chart."""
    domain = list(order) if order else sorted({str(value) for value in values if value is not None})
    palette = [CATEGORIES[position % len(CATEGORIES)] for position in range(len(domain))]
    return {
        "field": name,
        "type": "nominal",
        "scale": {"domain": domain, "range": palette},
        "legend": {"symbolType": symbol},
    }


def _days(view: View) -> str:
    """How days stand on axes, in d3's signs."""
    return view.t("frame.chart_day")


def _axis(shape: str) -> str:
    """Axes count in thousands and millions; the tables beside say the whole number."""
    return "~s" if shape in {COUNT, MONEY} else shape.replace(".1", ".0")


def _tooltips(view: View, table: pd.DataFrame, names: Sequence[str], shape: str) -> list[Spec]:
    return [_tooltip(view, table, name, shape) for name in dict.fromkeys(names)]


def _tooltip(view: View, table: pd.DataFrame, name: str, shape: str) -> Spec:
    kind, said = table[name].dtype, {"field": name, "title": view.label(name)}
    if pd.api.types.is_datetime64_any_dtype(kind):
        return {**said, "type": "temporal", "format": _days(view)}
    if pd.api.types.is_numeric_dtype(kind):
        return {
            **said,
            "type": "quantitative",
            "format": SHARE if name.endswith(("_share", "_rate", "probability")) else shape,
        }
    return {**said, "type": "nominal"}


def lines(
    view: View, table: pd.DataFrame, x: str, y: str, colour: str | None = None, *, shape: str = COUNT
) -> Spec:
    """A line per value of `colour` over dates."""
    encoding: Spec = {
        "x": {
            "field": x,
            "type": "temporal",
            "title": None,
            "axis": {"format": _days(view), "grid": False, "tickCount": 6, **APART},
        },
        "y": {
            "field": y,
            "type": "quantitative",
            "title": view.label(y),
            "axis": {"format": _axis(shape), "tickCount": 5},
        },
        "tooltip": _tooltips(view, table, [x, *([colour] if colour else []), y], shape),
    }
    if colour:
        encoding["color"] = _colour(colour, list(table[colour]), symbol="stroke")
    mark = {
        "type": "line",
        "strokeWidth": 2,
        "point": len(table) < 40,
        **({} if colour else {"color": ACCENT}),
    }
    last = table[table[x] == table[x].max()]
    chart = {"data": _data(table), "mark": mark, "encoding": encoding, "height": HEIGHT}
    return {
        **_with_notes(view, chart, table[x]),
        "_alt": _said(view, last, colour or x, y) if len(last) else "",
    }


def lines_over(view: View, table: pd.DataFrame, x: str, y: str, colour: str, *, shape: str = SHARE) -> Spec:
    """A line per value of `colour` over names in the table's order."""
    return {
        "data": _data(table),
        "mark": {"type": "line", "strokeWidth": 2, "point": True},
        "encoding": {
            "x": {"field": x, "type": "ordinal", "title": None, "sort": list(dict.fromkeys(table[x])), "axis": {"labelAngle": 0, "grid": False}},
            "y": {"field": y, "type": "quantitative", "title": view.label(y), "axis": {"format": _axis(shape), "tickCount": 5}},
            "color": _colour(colour, list(table[colour]), symbol="stroke"),
            "tooltip": _tooltips(view, table, [x, colour, y], shape),
        },
        "height": HEIGHT,
        "_alt": _said(view, table, colour, y),
    }  # fmt: skip


def stacked(
    view: View, table: pd.DataFrame, x: str, y: str, colour: str, *, shape: str = COUNT, monthly: bool = False,
    order: Sequence[str] | None = None,
) -> Spec:  # fmt: skip
    """Stacked bars over dates (weeks, or months), each as wide as its week or month; a date without rows stays a gap.

    order: the values of `colour` from the bottom up, where the alphabet says nothing.
    """
    ranked = table
    if order:
        within = [*order, *sorted({str(value) for value in table[colour]} - set(order))]
        ranked = table.assign(**{colour: table[colour].astype(pd.CategoricalDtype(within, ordered=True))})
    extents = _with_extents(ranked, x, y, colour, monthly=monthly)
    extents = extents.assign(**{colour: extents[colour].astype(str)})
    kept = extents[[x, colour, y, "from_value", "to_value", "from_day", "to_day"]]
    axis = {
        "format": view.t("frame.chart_month") if monthly else _days(view),
        "grid": False,
        "tickCount": 6,
        "labelAlign": "left",
        "labelBound": True,
        **APART,
    }
    chart: Spec = {
        "data": _data(kept),
        "mark": "bar",
        "encoding": {
            "x": {"field": "from_day", "type": "temporal", "title": None, "axis": axis},
            "x2": {"field": "to_day"},
            "y": {"field": "from_value", "type": "quantitative", "title": view.label(y), "axis": {"format": _axis(shape), "tickCount": 5}},
            "y2": {"field": "to_value"},
            "color": _colour(colour, list(table[colour]), order),
            "tooltip": _tooltips(view, table, [x, colour, y], shape),
        },
        "height": HEIGHT,
    }  # fmt: skip
    return {**_with_notes(view, chart, table[x]), "_alt": _said(view, table, colour, y)}


def _with_notes(view: View, chart: Spec, days: pd.Series) -> Spec:
    """The chart with the words that people put on days within it, each as a dashed line."""
    first, last = pd.Timestamp(days.min()).date(), pd.Timestamp(days.max()).date()
    within = [
        {"note_day": f"{day}T00:00:00", "note": words}
        for day, words in view.day_notes
        if first <= day <= last
    ]
    if not within:
        return chart
    place = {"field": "note_day", "type": "temporal"}
    told = [{"field": "note", "type": "nominal", "title": view.t("watch.note")}]
    return {
        **{name: value for name, value in chart.items() if name not in {"mark", "encoding"}},
        "layer": [
            {"mark": chart["mark"], "encoding": chart["encoding"]},
            {"data": {"values": within}, "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3]}, "encoding": {"x": place, "tooltip": told}},
            {"data": {"values": within}, "mark": {"type": "text", "align": "left", "dx": 4, "color": INK, "fontSize": 11},
             "encoding": {"x": place, "y": {"value": 6}, "text": {"field": "note"}}},
        ],
    }  # fmt: skip


def _with_extents(table: pd.DataFrame, x: str, y: str, colour: str, *, monthly: bool) -> pd.DataFrame:
    """The rectangle of each row: Vega-Lite does not stack bars that span from one date to another."""
    rows = table.sort_values([x, colour]).assign(**{y: table[y].astype(float).fillna(0)})
    up, down = rows[y].clip(lower=0), rows[y].clip(upper=0)
    end = up.groupby(rows[x]).cumsum().where(rows[y] >= 0, down.groupby(rows[x]).cumsum())
    day = pd.Timedelta(days=1)
    month = rows[x].dt.to_period("M")
    return rows.assign(
        from_value=end - rows[y],
        to_value=end,
        from_day=month.dt.start_time + 2 * day if monthly else rows[x],
        to_day=(month.dt.end_time - 2 * day).dt.floor("D") if monthly else rows[x] + 6 * day,
    )


def bars(
    view: View,
    table: pd.DataFrame,
    name: str,
    value: str,
    *,
    shape: str = COUNT,
    order: Sequence[str] | None = None,
) -> Spec:
    """Horizontal bars with their values written at the end, largest first unless an order is given."""
    most = max(float(table[value].max() or 0), 0.0)
    sort: Any = list(order) if order else list(table.sort_values(value, ascending=False)[name])
    shared = {
        "y": {"field": name, "type": "nominal", "title": None, "sort": sort,
              "axis": {"grid": False, "domain": False, "ticks": False, "labelPadding": 6}},
        "x": {"field": value, "type": "quantitative", "title": view.label(value), "scale": {"domainMax": most * 1.25 or 1.0},
              "axis": {"labels": False, "grid": False, "domain": False, "ticks": False}},
        "tooltip": _tooltips(view, table, list(table.columns), shape),
    }  # fmt: skip
    text = {"field": value, "type": "quantitative", "format": shape}
    return {
        "data": _data(table),
        "encoding": shared,
        "layer": [
            {"mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.7}}},
            {"mark": {"type": "text", "align": "left", "dx": 4, "color": MUTED, "fontSize": 12}, "encoding": {"text": text}},
        ],
        "height": {"step": 26},
        "usermeta": {"ends": {"most": most, "words": LETTER * len(_written(most, shape)), "names": LETTER * _longest(table[name])}},
        "_alt": _said(view, table, name, value, 12),
    }  # fmt: skip


def _written(value: float, shape: str) -> str:
    """A number about as long as a chart writes it."""
    return format(value, shape)


def _longest(values: pd.Series) -> int:
    """Letters of the longest of some names, as far as charts write them; wide signs count as two."""
    return min(max((sum(1 + (ord(sign) > 0x2E80) for sign in str(each)) for each in values), default=0), 25)


def stacked_bars(
    view: View, table: pd.DataFrame, name: str, value: str, colour: str, *, shape: str = COUNT
) -> Spec:
    """Horizontal bars in parts, largest first."""
    sums = table.groupby(name)[value].sum().sort_values(ascending=False)
    order, most = list(sums.index), float(sums.max())
    few: dict[str, Any] = (
        {"values": list(range(int(most) + 1))}
        if shape == COUNT and most <= 5
        else {"tickCount": 5, "tickMinStep": 1}
    )
    return {
        "data": _data(table),
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": name, "type": "nominal", "title": None, "sort": order, "axis": {"grid": False, "domain": False, "ticks": False}},
            "x": {"field": value, "aggregate": "sum", "type": "quantitative", "title": view.label(value),
                  "axis": {"format": _axis(shape), **few, **APART}},
            "color": _colour(colour, list(table[colour])),
            "tooltip": _tooltips(view, table, [name, colour, value], shape),
        },
        "height": {"step": 26},
        "_alt": _said(view, table, name, value, 12),
    }  # fmt: skip


def columns(
    view: View, table: pd.DataFrame, x: str, y: str, *, shape: str = COUNT, colour: str | None = None
) -> Spec:
    """Upright bars over a number, or over names in the table's order."""
    encoding: Spec = {
        "x": {"field": x, "type": "ordinal", "title": view.label(x), "sort": [_plain(v) for v in table[x].unique()],
              "axis": {"labelAngle": 0, "grid": False, **APART}},
        "y": {"field": y, "type": "quantitative", "title": view.label(y), "axis": {"format": _axis(shape), "tickCount": 5}},
        "tooltip": _tooltips(view, table, list(table.columns), shape),
    }  # fmt: skip
    if colour:
        encoding["color"] = _colour(colour, list(table[colour]))
    return {
        "data": _data(table), "mark": {"type": "bar", "color": ACCENT}, "encoding": encoding, "height": HEIGHT,
        "_alt": _said(view, table, x, y),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def grid(
    view: View, table: pd.DataFrame, x: str, y: str, value: str, *, shape: str = COUNT, x_order: Any = "ascending",
    y_order: Any = "descending", height: int = HEIGHT, tilt: bool = False,
) -> Spec:  # fmt: skip
    """A heat map with the values written in the cells; pale text stands on dark cells."""
    most = float(table[value].astype(float).max() or 0)
    half, column = most * 0.55, max(len(_written(most, shape)), 0 if tilt else _longest(table[x]))
    shared = {
        "x": {"field": x, "type": "ordinal", "title": view.label(x), "sort": x_order,
              "axis": {"labelAngle": -35 if tilt else 0, "grid": False, "domain": False, "ticks": False}},
        "y": {"field": y, "type": "ordinal", "title": view.label(y), "sort": y_order,
              "axis": {"grid": False, "domain": False, "ticks": False, "titlePadding": 26}},
        "tooltip": _tooltips(view, table, list(table.columns), shape),
    }  # fmt: skip
    return {
        "data": _data(table),
        "encoding": shared,
        "layer": [
            {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 2},
             "encoding": {"color": {"field": value, "type": "quantitative", "scale": {"range": list(SEQUENCE)}, "legend": None}}},
            {"mark": {"type": "text", "fontSize": 12},
             "encoding": {"text": {"field": value, "type": "quantitative", "format": shape},
                          "color": {"condition": {"test": f"datum['{value}'] > {half}", "value": "white"}, "value": INK}}},
        ],
        "height": height,
        "_least": 90 + LETTER * _longest(table[y]) + table[x].nunique() * (10 + LETTER * column),
        "_alt": _said(view, table.assign(_pair=table[y].astype(str) + " → " + table[x].astype(str)), "_pair", value),
    }  # fmt: skip


def intervals(
    view: View,
    table: pd.DataFrame,
    name: str,
    value: str,
    low: str,
    high: str,
    colour: str,
    *,
    shape: str = COUNT,
) -> Spec:
    """A dot per name and colour with its interval; the colours stand below each other within a name."""
    order = list(table.groupby(name)[value].max().sort_values(ascending=False).index)
    colours = sorted(table[colour].unique())
    shared = {
        "y": {"field": name, "type": "nominal", "title": None, "sort": order, "scale": {"paddingInner": 0.3},
              "axis": {"grid": False, "ticks": False, "domain": False, "labelColor": INK}},
        "yOffset": {"field": colour, "type": "nominal", "sort": colours},
        "color": _colour(colour, colours, symbol="circle"),
        "tooltip": _tooltips(view, table, [name, colour, value, low, high], shape),
    }  # fmt: skip
    axis = {"format": _axis(shape), "tickCount": 6, **APART}
    return {
        "data": _data(table[[name, colour, value, low, high]]),
        "encoding": shared,
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2},
             "encoding": {"x": {"field": low, "type": "quantitative", "title": view.label(value), "axis": axis}, "x2": {"field": high}}},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
             "encoding": {"x": {"field": value, "type": "quantitative", "title": view.label(value)}}},
        ],
        "height": 40 + len(order) * (12 + 13 * len(colours)),
        "_alt": _said(view, table, name, value),
    }  # fmt: skip
