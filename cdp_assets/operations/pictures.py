"""Small pictures for whoever watches a run: what the identity model weighs, and where customers stand in the RFM grid.

Figures of the whole only, never a customer's. What the pages draw is theirs.
"""

from __future__ import annotations

import io
from typing import Any

import altair as alt
import duckdb
import vl_convert
from PIL import Image

from cdp_assets.identity.scoring.comparisons import COMPARISONS
from cdp_assets.identity.scoring.model import Model

FOR, AGAINST, CELLS = "#1f6f8b", "#c44e52", "blues"
COLOURS = 32  # a chart needs few, and a PNG with a palette is a tenth of the size


def match_weights(model: Model) -> bytes:
    """A PNG of the bits that each level of each comparison gives, for (positive) or against (negative) a match."""
    rows = [
        {
            "evidence": f"{comparison.name.replace('_', ' ')}: {level.label}",
            "bits": model.weight(comparison.name, level.name),
        }
        for comparison in COMPARISONS
        for level in comparison.levels
        if level.name in model.parameters["comparisons"].get(comparison.name, {})
    ]
    bars = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("evidence:N", sort=None, title=None, axis=alt.Axis(labelLimit=320, ticks=False)),
        x=alt.X("bits:Q", title="bits for or against a match"),
        color=alt.condition("datum.bits >= 0", alt.value(FOR), alt.value(AGAINST)),
    )
    return _png(bars.mark_bar().properties(width=320, height=alt.Step(15)))


def rfm_grid(con: duckdb.DuckDBPyConnection) -> bytes:
    """A PNG of how many customers stand at each recency and frequency score (con: the warehouse with `marts`)."""
    found = con.execute(
        "select recency_score, frequency_score, count(*) from marts.customer_rfm group by all order by all"
    ).fetchall()
    rows = [{"recency": recency, "frequency": frequency, "customers": n} for recency, frequency, n in found]
    middle = max((row["customers"] for row in rows), default=0) / 2
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("frequency:O", title="frequency score", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("recency:O", title="recency score", sort="descending"),
    )
    cells = base.mark_rect().encode(
        color=alt.Color("customers:Q", scale=alt.Scale(scheme=CELLS), legend=None)
    )
    counts = base.mark_text().encode(
        text=alt.Text("customers:Q", format=","),
        color=alt.condition(f"datum.customers > {middle}", alt.value("white"), alt.value("black")),
    )
    return _png((cells + counts).properties(width=280, height=200, title="Customers by RFM scores"))


def _png(chart: Any) -> bytes:
    """Rendered in this process; nothing is fetched."""
    drawn = vl_convert.vegalite_to_png(chart.to_dict(), scale=1, allowed_base_urls=[])
    small = io.BytesIO()
    with Image.open(io.BytesIO(drawn)) as picture:
        picture.convert("RGB").quantize(COLOURS).save(small, "png", optimize=True)
    return small.getvalue()
