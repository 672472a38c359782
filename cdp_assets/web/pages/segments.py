"""Segments page: the RFM grid, segments, movements, lifecycle, expected value, and the download of a segment."""

from __future__ import annotations

from typing import Any

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, Row, section
from cdp_assets.web.filters import filters
from cdp_assets.web.page import Page
from cdp_assets.web.queries import segments as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

SCORED = ("recency", "frequency", "monetary")
GRID_MEASURES = ["customer_count", "net_revenue", "mean_net_revenue"]
VALUE = "discounted_value_12_months"
NAMES = "segments_of_customers"


def rfm(view: View) -> Blocks:
    """The grid, the segments, and where scores begin and end."""
    return [Row([_grid(view), _sizes(view)]), _segments(view), _cut_points(view)]


@section("segments.grid", "customer_rfm")
def _grid(view: View) -> Blocks:
    measure = view.choice("measure", GRID_MEASURES)
    cells = queries.rfm_grid(view.shown)
    if cells.empty:
        return [Note(view.t("segments.nobody"), "empty")]
    options = [(name, view.label(name)) for name in GRID_MEASURES]
    chart = charts.grid(
        view, cells, "frequency_score", "recency_score", measure, shape=charts.COUNT, height=320
    )
    return [
        filters(view, [Field("measure", view.t("segments.measure"), "radio", options, [measure])]),
        charts.picture(view, "rfm_grid", view.t("segments.grid.title"), chart),
    ]


@section("segments.sizes", "rfm_segments")
def _sizes(view: View) -> Blocks:
    found = view.spelled(queries.segments(view.shown), NAMES, "segment")
    if found.empty:
        return [Note(view.t("segments.nobody"), "empty")]
    order = list(found["segment"])
    return [
        charts.picture(
            view, f"segment_{measure}", f"{view.t('segments.sizes.title')}: {view.label(measure)}",
            charts.bars(view, found[["segment", measure]].astype({measure: float}), "segment", measure, order=order),
        )
        for measure in ("customer_count", "net_revenue")
    ]  # fmt: skip


@section("segments.table", "rfm_segments")
def _segments(view: View) -> Blocks:
    return [table(view, "segments_table", queries.segments(view.shown), "rfm_segments")]


@section("segments.cut_points", "rfm_cut_point_history")
def _cut_points(view: View) -> Blocks:
    found = queries.cut_points(view.shown)
    if found.empty:
        return [Note(view.t("segments.nobody"), "empty")]
    spans = [
        f"{view.formats.number(least, cents)} – {view.formats.number(greatest, cents)}"
        for least, greatest, cents in zip(
            found["least_value"], found["greatest_value"], 2 * (found["score_of"] == "monetary"), strict=True
        )
    ]
    wide = found.assign(span=spans).pivot(index="score", columns="score_of", values="span")
    ordered = wide.reindex(columns=list(SCORED)).sort_index(ascending=False).reset_index()
    return [table(view, "cut_points", ordered, "customer_rfm", sortable=False)]


@section("segments.movements", "rfm_history")
def movements(view: View) -> Blocks:
    """From the segment at one date to that at another."""
    dates = queries.history_dates(view.shown)
    if len(dates) < 2:
        return [Note(view.t("segments.movements.one_date"), "empty")]
    by_text = {f"{date:%Y-%m-%d}": date for date in dates}
    names = list(by_text)
    before = view.choice("before", names[:-1], names[-2])
    later = [name for name in names if name > before]
    after = view.choice("after", later, later[-1])
    moves = queries.movements(view.shown, by_text[before], by_text[after])
    moved = int(moves.loc[moves["from_segment"] != moves["to_segment"], "customer_count"].sum())
    said = view.t(
        "segments.movements.moved",
        moved=view.formats.number(moved),
        total=view.formats.number(moves["customer_count"].sum()),
    )
    named = view.spelled(moves, NAMES, "from_segment", "to_segment")
    height = 60 + 34 * named["from_segment"].nunique()
    chart = charts.grid(
        view,
        named,
        "to_segment",
        "from_segment",
        "customer_count",
        y_order="ascending",
        height=height,
        tilt=True,
    )
    days = [(name, view.formats.day(date)) for name, date in by_text.items()]
    return [
        filters(
            view,
            [
                Field("before", view.t("segments.movements.from"), "select", days[:-1], [before]),
                Field(
                    "after",
                    view.t("segments.movements.to"),
                    "select",
                    [d for d in days if d[0] > before],
                    [after],
                ),
            ],
        ),
        Note(said),
        charts.picture(view, "segment_moves", view.t("segments.movements.title"), chart),
        table(view, "moves", moves.sort_values("customer_count", ascending=False), rows=15),
    ]


def lifecycle(view: View) -> Blocks:
    """Stages month by month, and the flow within one."""
    return [_stages(view), _flow(view)]


@section("segments.lifecycle", "lifecycle_stages")
def _stages(view: View) -> Blocks:
    stages = queries.lifecycle_stages(view.shown)
    if stages.empty:
        return [Note(view.t("segments.nobody"), "empty")]
    stages = view.spelled(stages, "stages", "stage")
    chart = charts.stacked(
        view, stages, "month_end", "customer_count", "stage", monthly=True, order=_stage_names(view)
    )
    return [charts.picture(view, "lifecycle", view.t("segments.lifecycle.title"), chart)]


@section("segments.flow", "lifecycle_transitions")
def _flow(view: View) -> Blocks:
    months = queries.flow_months(view.shown)
    if not months:
        return [Note(view.t("segments.nobody"), "empty")]
    by_text = {f"{month:%Y-%m-%d}": month for month in months}
    month = view.choice("month", list(by_text))
    flow = view.spelled(
        queries.lifecycle_flow(view.shown, by_text[month]), "stages", "from_stage", "to_stage"
    )
    names = _stage_names(view)
    chart = charts.grid(
        view, flow, "to_stage", "from_stage", "customer_count", x_order=names, y_order=names, height=280
    )
    options = [(name, view.formats.month(each)) for name, each in by_text.items()]
    return [
        filters(view, [Field("month", view.t("segments.flow.month"), "select", options, [month])]),
        charts.picture(view, "lifecycle_flow", view.t("segments.flow.title"), chart),
    ]


def _stage_names(view: View) -> list[str]:
    return [view.label(stage, "stages") for stage in queries.STAGES]


def worth(view: View) -> Blocks:
    """What segments are expected to be worth, and how well the models predicted."""
    return [_value(view), _verdict(view), _calibration(view), _deciles(view), _fit(view)]


@section("segments.worth", "customer_rfm", "customer_value")
def _value(view: View) -> Blocks:
    found = queries.value_by_segment(view.shown)
    if found.empty:
        return [Note(view.t("segments.nobody"), "empty")]
    named = view.spelled(found, NAMES, "segment")
    chart = charts.bars(view, named[["segment", VALUE]], "segment", VALUE)
    return [
        *_fit_warnings(view),
        charts.picture(view, "segment_worth", view.t("segments.worth.title"), chart),
        table(view, "segment_worth_table", found, "customer_value", "rfm_segments"),
    ]


def _fit_warnings(view: View) -> list[Note]:
    """What the fitted models warn of, at the figures that they make."""
    if view.shown.missing(["customer_value_fit"]):
        return []
    found = queries.value_fit(view.shown)
    return [
        Note(
            view.t(
                "segments.fit_warning",
                model=view.label(model, "value_models"),
                message=view.texts.known(f"messages.{message}", message),
            ),
            "warning",
        )
        for model, message in zip(found["model"], found["message"], strict=True)
        if isinstance(message, str) and message
    ]


@section("segments.calibration", "customer_value_calibration")
def _calibration(view: View) -> Blocks:
    found = queries.calibration(view.shown)
    if found.empty:
        return [Note(view.t("segments.calibration.none"), "empty")]
    held_out = found[found["is_holdout"]]
    named = view.spelled(found, "calibrations", "kind")
    chart = charts.lines(view, named, "week_start_date", "repeat_orders", "kind")
    notes = []
    if not held_out.empty:
        start = view.formats.day(held_out["week_start_date"].min())
        notes.append(Note(view.t("segments.calibration.holdout", start=start)))
    return [*notes, charts.picture(view, "calibration", view.t("segments.calibration.title"), chart)]


@section("segments.verdict", "customer_value_verdict")
def _verdict(view: View) -> Blocks:
    found = queries.value_verdict(view.shown)
    if found.empty:
        return [Note(view.t("segments.calibration.none"), "empty")]
    return [
        table(
            view, "value_verdict", found, "customer_value_verdict", families={"measure": "value_measures", "status": "model_verdicts"},
            tones={"status": {"holds": "good", "does_not_hold": "bad", "not_tested": "watch"}}, sortable=False,
        )
    ]  # fmt: skip


@section("segments.deciles", "churn_calibration")
def _deciles(view: View) -> Blocks:
    found = queries.churn_calibration(view.shown)
    if found.empty:
        return [Note(view.t("segments.calibration.none"), "empty")]
    pictures = []
    for measure, rows in found.groupby("measure", sort=True):
        long = rows.melt(
            id_vars=["decile"],
            value_vars=["predicted_mean", "actual_mean"],
            var_name="kind",
            value_name="mean_seen",
        )
        named = long.assign(
            kind=[view.label(each) for each in long["kind"]], decile=long["decile"].astype(str)
        )
        said = view.label(str(measure), "value_measures")
        pictures.append(
            charts.picture(
                view,
                f"deciles_{measure}",
                said,
                charts.lines_over(view, named, "decile", "mean_seen", "kind", shape=".2f"),
            )
        )
    return [
        Row(pictures),
        table(view, "deciles", found, "churn_calibration", families={"measure": "value_measures"}),
    ]


@section("segments.fit", "customer_value_fit")
def _fit(view: View) -> Blocks:
    found = queries.value_fit(view.shown)
    if found.empty:
        return [Note(view.t("segments.calibration.none"), "empty")]
    return [
        table(
            view, "value_fit", found.dropna(axis="columns", how="all"), "customer_value_fit",
            families={"model": "value_models", "status": "fit_statuses"},
        )
    ]  # fmt: skip


@section("segments.download", "customer_rfm", "customers")
def download(view: View) -> Blocks:
    """The customers of some segments who allow marketing, masked, as a file."""
    sizes = queries.sizes(view.shown)
    names = list(sizes["segment"])
    chosen = [name for name in view.many("segment") if name in names]
    options = [(name, view.label(name, NAMES)) for name in names]
    blocks: list[Any] = [
        filters(view, [Field("segment", view.t("segments.download.segments"), "checks", options, chosen)])
    ]
    if not chosen:
        return [*blocks, Note(view.t("segments.download.choose"), "empty")]
    counts = sizes[sizes["segment"].isin(chosen)]
    said = view.t(
        "segments.download.counts",
        customers=view.formats.number(counts["customer_count"].sum()),
        consented=view.formats.number(counts["consented_count"].sum()),
    )
    rows = queries.audience(view.shown, chosen)
    links = view.customer_links("customer_id")
    return [
        *blocks, Note(said), Note(view.t("segments.download.masked")),
        table(view, "audience", rows, "customer_rfm", "customers", links=links),
    ]  # fmt: skip


PAGE = Page(
    "segments",
    {
        "rfm": rfm,
        "movements": lambda view: [movements(view)],
        "lifecycle": lifecycle,
        "worth": worth,
        "download": lambda view: [download(view)],
    },
    is_still=True,
)
