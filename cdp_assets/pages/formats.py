"""How numbers, dates and tables look, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from cdp_assets.pages.published import Published
from cdp_assets.pages.texts import label

NOTHING = "–"
PERCENT = "%.1f %%"  # of shares times a hundred, see show_table
DAY_FORMAT, MOMENT_FORMAT = "DD MMM YYYY", "DD MMM YYYY HH:mm"

WHOLE_ROWS, ROW_PIXELS = 15, 35  # tables up to so many rows are shown without scrolling

MONEY_ENDINGS = (
    "revenue", "revenue_low", "revenue_high", "amount", "price", "spend", "monetary", "cost", "cost_per_conversion",
    "acquisition_cost", "order_value", "repeat_value", "value_12_months", "revenue_affected", "line_amount", "revenue_difference",
)  # fmt: skip
SHARE_ENDINGS = ("_share", "_rate", "probability", "probability_alive", "confidence", "share_over_last_touch")
DECIMAL_ENDINGS = (
    "conversions",
    "credit",
    "return_on_ad_spend",
    "orders_12_months",
    "orders_3_months",
    "orders_6_months",
)


def day(value: date | datetime | None) -> str:
    """31 Dec 2017."""
    return NOTHING if value is None or pd.isna(value) else f"{value:%-d %b %Y}"


def moment(value: datetime | None) -> str:
    """31 Dec 2017 02:15 UTC; every time on the pages is UTC."""
    return NOTHING if value is None or pd.isna(value) else f"{value:%-d %b %Y %H:%M} UTC"


def number(value: float | None, decimals: int = 0) -> str:
    """12,345."""
    return NOTHING if value is None or pd.isna(value) else f"{value:,.{decimals}f}"


def money(value: float | None, currency: str) -> str:
    """USD 12,345, with cents below a thousand."""
    if value is None or pd.isna(value):
        return NOTHING
    return f"{currency} {value:,.{0 if abs(value) >= 1000 else 2}f}"


def share(value: float | None, decimals: int = 1) -> str:
    """12.3 %."""
    return NOTHING if value is None or pd.isna(value) else f"{100 * value:,.{decimals}f} %"


def yes_no(value: bool | None) -> str:
    """yes, no, or a dash where nobody knows."""
    return NOTHING if value is None or pd.isna(value) else label("yes" if value else "no", "words")


def spelled(table: pd.DataFrame, family: str, *columns: str) -> pd.DataFrame:
    """The table with the codes in some of its columns in words."""
    return table.assign(**{name: [label(str(code), family) for code in table[name]] for name in columns})


def column_of(name: str, kind: Any, comment: str | None = None) -> Any:
    """How a column is shown, by its name's ending and its type; its definition is the heading's tooltip."""
    heading = label(name)
    if pd.api.types.is_bool_dtype(kind):
        return st.column_config.CheckboxColumn(heading, help=comment)
    if pd.api.types.is_datetime64_any_dtype(kind):
        shape = DAY_FORMAT if name.endswith("_date") or name.endswith(("_start", "_day")) else MOMENT_FORMAT
        return st.column_config.DatetimeColumn(heading, format=shape, help=comment)
    if pd.api.types.is_numeric_dtype(kind):
        return st.column_config.NumberColumn(heading, format=number_shape(name, kind), help=comment)
    return st.column_config.Column(heading, help=comment)


def number_shape(name: str, kind: Any) -> str:
    """Streamlit's format of a number column: money with cents, shares as percent, counts with separators."""
    if name.endswith(SHARE_ENDINGS):
        return PERCENT
    if pd.api.types.is_integer_dtype(kind) and not name.endswith("_year"):
        return "localized"
    if name.endswith(MONEY_ENDINGS):
        return "%,.2f"
    if name.endswith("_year"):
        return "%d"
    if name.startswith("mean_"):
        return "%,.1f"
    if name.endswith(DECIMAL_ENDINGS):
        return "%,.2f"
    return "localized"


def show_table(
    table: pd.DataFrame,
    shown: Published,
    *sources: str,
    key: str | None = None,
    height: int | Literal["content"] | None = None,
    columns: Mapping[str, Any] | None = None,
    colours: Mapping[str, Mapping[str, str]] | None = None,
    shares: Sequence[str] = (),
    selectable: bool = False,
) -> list[int]:
    """A table whose headings carry the definitions of the marts it comes from; returns the selected row's position.

    colours: per column, the colour of the text of each of its values. shares: columns from 0 to 1 that are shown in percent,
    beside those whose name says so.
    """
    percent = [
        name
        for name in table.columns
        if (name in shares or str(name).endswith(SHARE_ENDINGS))
        and pd.api.types.is_numeric_dtype(table[name])
    ]
    table = table.assign(**{name: 100 * table[name] for name in percent})
    comments = shown.column_comments(*sources) if sources else {}
    config = {
        name: column_of(str(name), table[name].dtype, comments.get(str(name))) for name in table.columns
    }
    for name in shares:
        config[name] = st.column_config.NumberColumn(label(name), format=PERCENT, help=comments.get(name))
    event = st.dataframe(
        _coloured(table, colours) if colours else table,
        hide_index=True,
        placeholder=NOTHING,
        column_config={**config, **(columns or {})},
        key=key,
        height=_height(len(table), height),
        on_select="rerun" if selectable else "ignore",
        selection_mode="single-row",
    )
    return list(event.selection.rows) if selectable else []  # type: ignore[union-attr]


def _height(rows: int, at_most: int | Literal["content"] | None) -> int | Literal["content"]:
    """As high as the rows need, up to a limit in pixels beyond which the table scrolls."""
    if at_most == "content":
        return "content"
    limit = at_most or ROW_PIXELS * (WHOLE_ROWS + 1)
    return "content" if ROW_PIXELS * (rows + 1) <= limit else limit


def _coloured(table: pd.DataFrame, colours: Mapping[str, Mapping[str, str]]) -> Any:
    style = table.style
    for column, of_value in colours.items():
        style = style.map(
            lambda value, of_value=of_value: f"color: {of_value.get(value, 'inherit')}", subset=[column]
        )
    return style
