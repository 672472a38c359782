"""The few chart forms of the pages, drawn by Altair with one look; a page passes tidy tables and column names.

Which figures are drawn is the pages' part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from cdp_assets.pages.texts import label
from cdp_assets.pages.theme import ACCENT, CATEGORIES, INK, LINE, MUTED, SEQUENCE

HEIGHT = 260
COUNT, MONEY, SHARE = ",.0f", ",.0f", ".1%"


def draw(chart: Any, alt_text: str, key: str | None = None) -> None:
    """Put a chart on the page in the house look; Streamlit's own bundle renders it, nothing is fetched."""
    st.altair_chart(styled(chart), theme=None, width="stretch", key=key, alt=alt_text)


def styled(chart: Any) -> Any:
    """The chart in the house look."""
    return (
        chart.configure(font="Source Sans, sans-serif")
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, gridColor=LINE, domainColor=LINE, tickColor=LINE,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=220,
        )
        .configure_legend(
            labelColor=INK, titleColor=MUTED, labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
        )
    )  # fmt: skip


def colour_of(
    name: str, values: Sequence[str], symbol: str = "square", order: Sequence[str] | None = None
) -> Any:
    """One colour per value in alphabetical (or the given) order, so that a channel keeps its colour from chart to chart."""
    domain = list(order) if order else sorted({value for value in values if isinstance(value, str)})
    palette = [CATEGORIES[position % len(CATEGORIES)] for position in range(len(domain))]
    return alt.Color(
        f"{name}:N",
        scale=alt.Scale(domain=domain, range=palette),
        legend=alt.Legend(title=None, orient="top", columns=4, symbolType=symbol),
    )


def lines(table: pd.DataFrame, x: str, y: str, colour: str | None = None, *, shape: str = COUNT) -> Any:
    """A line per value of `colour` over dates, with a tooltip at the nearest date."""
    encoding = {
        "x": alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b %y", grid=False, tickCount=8)),
        "y": alt.Y(f"{y}:Q", title=label(y), axis=alt.Axis(format=_axis(shape), tickCount=5)),
        "tooltip": _tooltips(table, [x, *([colour] if colour else []), y], shape),
    }
    if colour:
        encoding["color"] = colour_of(colour, list(table[colour]), "stroke")
        drawn = alt.Chart(table).mark_line(strokeWidth=2)
    else:
        drawn = alt.Chart(table).mark_line(strokeWidth=2, color=ACCENT)
    points = alt.Chart(table).mark_point(opacity=0, size=90)
    return (drawn.encode(**encoding) + points.encode(**encoding)).properties(height=HEIGHT)


def stacked(
    table: pd.DataFrame, x: str, y: str, colour: str, *, shape: str = COUNT, monthly: bool = False,
    order: Sequence[str] | None = None,
) -> Any:  # fmt: skip
    """Stacked bars over dates (weeks, or months), each as wide as its week or month; a date without rows stays a gap.

    order: the values of `colour` from the bottom up, where the alphabet says nothing.
    """
    axis = alt.Axis(
        format="%b %y" if monthly else "%d %b %y",
        grid=False,
        tickCount=12 if monthly else 8,
        labelAlign="left",
    )
    ranked = table
    if order:
        ranked = table.assign(
            **{colour: table[colour].astype(pd.CategoricalDtype(list(order), ordered=True))}
        )
    extents = _with_extents(ranked, x, y, colour, monthly=monthly)
    return (
        alt.Chart(extents.assign(**{colour: extents[colour].astype(str)}))
        .mark_bar()
        .encode(
            x=alt.X("from_day:T", title=None, axis=axis),
            x2="to_day:T",
            y=alt.Y("from_value:Q", title=label(y), axis=alt.Axis(format=_axis(shape), tickCount=5)),
            y2="to_value:Q",
            color=colour_of(colour, list(table[colour]), order=order),
            tooltip=_tooltips(table, [x, colour, y], shape),
        )
        .properties(height=HEIGHT)
    )


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
        to_day=month.dt.end_time - 2 * day if monthly else rows[x] + 6 * day,
    )


def bars(
    table: pd.DataFrame, name: str, value: str, *, shape: str = COUNT, order: Sequence[str] | None = None,
    names: bool = True,
) -> Any:  # fmt: skip
    """Horizontal bars with their values written at the end, largest first unless an order is given."""
    longest = max(float(table[value].max() or 0), 0.0) * 1.25 or 1.0
    base = alt.Chart(table).encode(
        y=alt.Y(
            f"{name}:N",
            title=None,
            sort=list(order) if order else "-x",
            axis=alt.Axis(grid=False, domain=False, ticks=False, labelPadding=6) if names else None,
        ),
        x=alt.X(
            f"{value}:Q",
            title=label(value),
            axis=alt.Axis(labels=False, grid=False, domain=False, ticks=False),
            scale=alt.Scale(domainMax=longest),
        ),
        tooltip=_tooltips(table, list(table.columns), shape),
    )
    text = base.mark_text(align="left", dx=4, color=MUTED, fontSize=12).encode(
        text=alt.Text(f"{value}:Q", format=shape)
    )
    return (base.mark_bar(color=ACCENT, height={"band": 0.7}) + text).properties(height=alt.Step(26))


def stacked_bars(table: pd.DataFrame, name: str, value: str, colour: str, *, shape: str = COUNT) -> Any:
    """Horizontal bars in parts, largest first."""
    return (
        alt.Chart(table)
        .mark_bar(height={"band": 0.7})
        .encode(
            y=alt.Y(f"{name}:N", title=None, sort="-x", axis=alt.Axis(grid=False, domain=False, ticks=False)),
            x=alt.X(
                f"sum({value}):Q",
                title=label(value),
                axis=alt.Axis(format=_axis(shape), tickCount=5, tickMinStep=1),
            ),
            color=colour_of(colour, list(table[colour])),
            tooltip=_tooltips(table, [name, colour, value], shape),
        )
        .properties(height=alt.Step(26))
    )


def columns(table: pd.DataFrame, x: str, y: str, *, shape: str = COUNT, colour: str | None = None) -> Any:
    """Upright bars over a number, or over names in the table's order."""
    chart = alt.Chart(table).mark_bar(color=ACCENT)
    encoding = {
        "x": alt.X(
            f"{x}:O",
            title=label(x),
            sort=list(table[x].unique()),
            axis=alt.Axis(labelAngle=0, grid=False, labelOverlap=True),
        ),
        "y": alt.Y(f"{y}:Q", title=label(y), axis=alt.Axis(format=_axis(shape), tickCount=5)),
        "tooltip": _tooltips(table, list(table.columns), shape),
    }
    if colour:
        encoding["color"] = colour_of(colour, list(table[colour]))
    return chart.encode(**encoding).properties(height=HEIGHT)


def grid(
    table: pd.DataFrame, x: str, y: str, value: str, *, shape: str = COUNT, x_order: Any = "ascending",
    y_order: Any = "descending", height: int = HEIGHT, tilt: bool = False,
) -> Any:  # fmt: skip
    """A heat map with the values written in the cells; pale text stands on dark cells."""
    half = float(table[value].max() or 0) * 0.55
    base = alt.Chart(table).encode(
        x=alt.X(
            f"{x}:O",
            title=label(x),
            sort=x_order,
            axis=alt.Axis(labelAngle=-35 if tilt else 0, grid=False, domain=False, ticks=False),
        ),
        y=alt.Y(f"{y}:O", title=label(y), sort=y_order, axis=alt.Axis(grid=False, domain=False, ticks=False)),
        tooltip=_tooltips(table, list(table.columns), shape),
    )
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(f"{value}:Q", scale=alt.Scale(range=list(SEQUENCE)), legend=None)
    )
    text = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{value}:Q", format=shape),
        color=alt.condition(f"datum['{value}'] > {half}", alt.value("white"), alt.value(INK)),
    )
    return (cells + text).properties(height=height)


def intervals(
    table: pd.DataFrame, name: str, value: str, low: str, high: str, colour: str, *, shape: str = COUNT
) -> Any:
    """A dot per name and colour with its interval; the colours stand below each other within a name."""
    order = list(table.groupby(name)[value].max().sort_values(ascending=False).index)
    colours = sorted(table[colour].unique())
    base = alt.Chart(table).encode(
        y=alt.Y(
            f"{name}:N", title=None, sort=order, scale=alt.Scale(paddingInner=0.3),
            axis=alt.Axis(grid=False, ticks=False, domain=False, labelColor=INK),
        ),
        yOffset=alt.YOffset(f"{colour}:N", sort=colours),
        color=colour_of(colour, colours, "circle"),
        tooltip=_tooltips(table, [name, colour, value, low, high], shape),
    )  # fmt: skip
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X(f"{low}:Q", title=label(value), axis=alt.Axis(format=_axis(shape), tickCount=6)),
        x2=f"{high}:Q",
    )
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(x=f"{value}:Q")
    return (span + dot).properties(height=40 + len(order) * (12 + 13 * len(colours)))


def _axis(shape: str) -> str:
    """Axes count in thousands and millions; tooltips and labels say the whole number."""
    return "~s" if shape in {COUNT, MONEY} else shape.replace(".1", ".0")


def _tooltips(table: pd.DataFrame, names: Sequence[str], shape: str) -> list[Any]:
    return [_tooltip(table, name, shape) for name in dict.fromkeys(names)]


def _tooltip(table: pd.DataFrame, name: str, shape: str) -> Any:
    kind = table[name].dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return alt.Tooltip(f"{name}:T", title=label(name), format="%d %b %Y")
    if pd.api.types.is_numeric_dtype(kind):
        format_ = SHARE if name.endswith(("_share", "_rate", "probability")) else shape
        return alt.Tooltip(f"{name}:Q", title=label(name), format=format_)
    return alt.Tooltip(f"{name}:N", title=label(name))
