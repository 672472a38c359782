"""What pages load lazily, loaded before the first reader asks: texts, and what pandas and Altair import at first use."""

from __future__ import annotations

import inspect

import altair as alt
import pandas as pd

import cdp_assets.pages.navigation  # noqa: F401 (loads every page)
from cdp_assets.pages.charts import styled
from cdp_assets.pages.texts import catalogue


def warm_up() -> None:
    """Do once what every first page of a process would wait for; draws nothing."""
    catalogue()
    frame = pd.DataFrame({"x": [pd.Timestamp(0)], "y": [0.0]})
    frame.style.to_html()
    inspect.stack()  # Streamlit looks once who called it, which reads the sources of all modules
    styled(alt.Chart(frame).mark_line().encode(x="x", y="y")).to_dict()
