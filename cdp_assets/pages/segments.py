"""Segments page: the RFM grid, segments, movements, lifecycle, and the download of a segment."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cdp_assets.pages import charts, segment_worth
from cdp_assets.pages.exports import parquet, safe_csv
from cdp_assets.pages.formats import day, number, show_table, spelled
from cdp_assets.pages.frame import draw_tabs, empty, open_page, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import segments as queries
from cdp_assets.pages.reveal import log_reveal
from cdp_assets.pages.texts import label, t
from cdp_assets.settings import Settings

SCORED = ("recency", "frequency", "monetary")
GRID_MEASURES = {"customer_count": ",.0f", "net_revenue": ",.0f", "mean_net_revenue": ",.0f"}


def render() -> None:
    """Draw the page."""
    shown, settings = open_page("segments")
    draw_tabs(
        "segments",
        {
            "rfm": lambda: _draw_rfm(shown),
            "movements": lambda: _draw_movements(shown),
            "lifecycle": lambda: _draw_lifecycle(shown),
            "worth": lambda: _draw_worth(shown),
            "download": lambda: _draw_download(shown, settings),
        },
    )


def _draw_rfm(shown: Published) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _draw_grid(shown)
    with right:
        _draw_sizes(shown)
    _draw_segments(shown)
    _draw_cut_points(shown)


def _draw_lifecycle(shown: Published) -> None:
    _draw_stages(shown)
    _draw_flow(shown)


def _draw_worth(shown: Published) -> None:
    segment_worth.draw_value(shown)
    segment_worth.draw_calibration(shown)
    segment_worth.draw_fit(shown)


@section("segments.grid", "customer_rfm")
def _draw_grid(shown: Published) -> None:
    measure = st.segmented_control(
        t("segments.measure"), list(GRID_MEASURES), default="customer_count", required=True, key="grid_measure",
        format_func=label, label_visibility="collapsed",
    )  # fmt: skip
    cells = queries.rfm_grid(shown)
    if cells.empty:
        empty("segments.nobody")
        return
    chart = charts.grid(
        cells, "frequency_score", "recency_score", str(measure), shape=GRID_MEASURES[str(measure)], height=320
    )
    charts.draw(chart, t("segments.grid.title"), key="rfm_grid")


@section("segments.sizes", "rfm_segments")
def _draw_sizes(shown: Published) -> None:
    found = queries.segments(shown)
    if found.empty:
        empty("segments.nobody")
        return
    order = list(found["segment"])
    left, right = st.columns(2)
    with left:
        charts.draw(
            charts.bars(found[["segment", "customer_count"]], "segment", "customer_count", order=order),
            t("segments.sizes.title"), key="segment_sizes",
        )  # fmt: skip
    with right:
        charts.draw(
            charts.bars(found[["segment", "net_revenue"]], "segment", "net_revenue", order=order, names=False),
            t("segments.sizes.title"), key="segment_revenue",
        )  # fmt: skip


@section("segments.table", "rfm_segments")
def _draw_segments(shown: Published) -> None:
    show_table(queries.segments(shown), shown, "rfm_segments", key="segments_table")


@section("segments.cut_points", "rfm_cut_point_history")
def _draw_cut_points(shown: Published) -> None:
    found = queries.cut_points(shown)
    if found.empty:
        empty("segments.nobody")
        return
    spans = [
        f"{number(least, cents)} – {number(greatest, cents)}"
        for least, greatest, cents in zip(
            found["least_value"], found["greatest_value"], 2 * (found["score_of"] == "monetary"), strict=True
        )
    ]
    wide = found.assign(span=spans).pivot(index="score", columns="score_of", values="span")
    ordered = wide.reindex(columns=list(SCORED)).sort_index(ascending=False).reset_index()
    show_table(ordered, shown, "customer_rfm", key="cut_points")


@section("segments.movements", "rfm_history")
def _draw_movements(shown: Published) -> None:
    dates = queries.history_dates(shown)
    if len(dates) < 2:
        empty("segments.movements.one_date")
        return
    left, right, _ = st.columns([1, 1, 2])
    before = left.selectbox(t("segments.movements.from"), dates[:-1], index=len(dates) - 2, format_func=day)
    later = [date for date in dates if date > before]
    after = right.selectbox(t("segments.movements.to"), later, index=len(later) - 1, format_func=day)
    moves = queries.movements(shown, before, after)
    moved = int(moves.loc[moves["from_segment"] != moves["to_segment"], "customer_count"].sum())
    st.caption(
        t("segments.movements.moved", moved=number(moved), total=number(moves["customer_count"].sum()))
    )
    rows = moves["from_segment"].nunique()
    charts.draw(
        charts.grid(moves, "to_segment", "from_segment", "customer_count", y_order="ascending", height=60 + 34 * rows, tilt=True),
        t("segments.movements.title"), key="segment_moves",
    )  # fmt: skip


@section("segments.lifecycle", "lifecycle_stages")
def _draw_stages(shown: Published) -> None:
    stages = queries.lifecycle_stages(shown)
    if stages.empty:
        empty("segments.nobody")
        return
    stages = spelled(stages, "stages", "stage")
    charts.draw(
        charts.stacked(stages, "month_end", "customer_count", "stage", monthly=True, order=_stages()),
        t("segments.lifecycle.title"), key="lifecycle",
    )  # fmt: skip


@section("segments.flow", "lifecycle_transitions")
def _draw_flow(shown: Published) -> None:
    months = list(
        shown.ask("select distinct month_end from lifecycle_transitions order by 1 desc")["month_end"]
    )
    if not months:
        empty("segments.nobody")
        return
    chosen, _ = st.columns([1, 3])
    month = chosen.selectbox(t("segments.flow.month"), months, format_func=day, key="flow_month")
    flow = spelled(queries.lifecycle_flow(shown, month), "stages", "from_stage", "to_stage")
    charts.draw(
        charts.grid(flow, "to_stage", "from_stage", "customer_count", x_order=_stages(), y_order=_stages(), height=280),
        t("segments.flow.title"), key="lifecycle_flow",
    )  # fmt: skip


def _stages() -> list[str]:
    return [label(stage, "stages") for stage in queries.STAGES]


@section("segments.download", "customer_rfm", "customers")
def _draw_download(shown: Published, settings: Settings) -> None:
    sizes = queries.sizes(shown)
    chosen = st.multiselect(t("segments.download.segments"), list(sizes["segment"]), key="download_segments")
    if not chosen:
        empty("segments.download.choose")
        return
    counts = sizes[sizes["segment"].isin(chosen)]
    consented = int(counts["consented_count"].sum())
    st.markdown(
        t(
            "segments.download.counts",
            customers=number(counts["customer_count"].sum()),
            consented=number(consented),
        )
    )
    st.caption(t("segments.download.clear" if shown.contact_path else "segments.download.masked"))
    with st.container(horizontal=True):
        for kind, write in (("csv", safe_csv), ("parquet", parquet)):
            st.download_button(
                t(f"segments.download.{kind}"),
                data=_file(shown, settings, chosen, write),
                file_name=f"onefold_{shown.generation}_segment.{kind}",
                mime="text/csv" if kind == "csv" else "application/vnd.apache.parquet",
                icon=":material/download:",
                disabled=consented == 0,
                on_click="ignore",
                key=f"download_{kind}",
            )
    show_table(
        queries.audience(shown, chosen).head(20), shown, "customer_rfm", "customers", key="audience_preview"
    )


def _file(
    shown: Published, settings: Settings, chosen: list[str], write: Callable[[pd.DataFrame], bytes]
) -> Callable[[], bytes]:
    """The file's bytes, made only when the button is pressed; in clear it leaves a line in the log."""

    def made() -> bytes:
        is_clear = shown.contact_path is not None
        rows = queries.audience(shown, chosen, clear=is_clear)
        if is_clear:
            log_reveal(
                settings, "download", generation=shown.generation, segments=chosen, customers=len(rows)
            )
        return write(rows)

    return made
