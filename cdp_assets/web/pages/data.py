"""Data page: what landed, and every mart with its definitions. Queries of one's own are the SQL page."""

from __future__ import annotations

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, section
from cdp_assets.web.filters import filters
from cdp_assets.web.page import Page
from cdp_assets.web.queries import data as queries
from cdp_assets.web.tables import seldom, table
from cdp_assets.web.view import View

LISTED = ["landed_at", "channel", "export", "file_name", "status", "period", "parsed_rows", "landed_rows"]
SELDOM = [
    "quarantined_rows",
    "duplicate_rows",
    "erased_rows",
    "anonymised_rows",
    "reason_code",
    "remedy",
]  # shown where there are any
FATES = ["landed_rows", "quarantined_rows", "duplicate_rows", "erased_rows", "anonymised_rows"]


def landing(view: View) -> Blocks:
    """Files that wait, rows by fate, quarantine, and the ledger."""
    return [_held(view), _channels(view), _quarantine(view), _loads(view)]


@section("data.held", "ops_held_files")
def _held(view: View) -> Blocks:
    found = queries.held(view.shown)
    if found.empty:
        return [Note(view.t("data.held.none"), "empty")]
    return [table(view, "held_files", found, "ops_held_files")]


@section("data.channels", "ops_loads")
def _channels(view: View) -> Blocks:
    found = queries.channels(view.shown)
    if found.empty:
        return [Note(view.t("data.loads.none"), "empty")]
    long = found.melt(id_vars=["channel", "export"], value_vars=FATES, var_name="fate", value_name="rows")
    broken = long[(long["fate"] != "landed_rows") & (long["rows"] > 0)]
    pictures = []
    if not broken.empty:
        named = view.spelled(view.spelled(broken, "columns", "fate"), "channels", "channel")
        named = named.assign(export=named["channel"] + " · " + named["export"])
        chart = charts.stacked_bars(view, named[["export", "fate", "rows"]], "export", "rows", "fate")
        pictures.append(charts.picture(view, "row_fates", view.t("data.channels.title"), chart))
    return [*pictures, table(view, "channels", found, "ops_loads")]


@section("data.quarantine", "ops_quarantine_summary")
def _quarantine(view: View) -> Blocks:
    found = queries.quarantine(view.shown)
    if found.empty:
        return [Note(view.t("data.quarantine.none"), "empty")]
    return [table(view, "quarantine", found, "ops_quarantine_summary")]


@section("data.loads", "ops_loads")
def _loads(view: View) -> Blocks:
    names = list(queries.channels(view.shown)["channel"].unique())
    channel = view.choice("channel", ["", *names])
    options = [("", view.t("data.loads.every")), *((name, view.label(name, "channels")) for name in names)]
    found = queries.loads(view.shown, channel or None)
    found = found.assign(period=found["period"].map(lambda each: _period(view, each)))
    return [
        filters(
            view,
            [Field("channel", view.t("data.loads.channel"), "select", options, [channel], are_names=True)],
        ),
        table(
            view,
            "loads",
            found,
            "ops_loads",
            names=[*LISTED, *seldom(found, *SELDOM)],
            rows=25,
            also=["is_current", "load_id"],
            families={"status": "load_statuses"},
        ),
    ]


def _period(view: View, period: object) -> object:
    """A day or a month that a file's name gives, as dates look elsewhere; other periods as they are."""
    text = str(period)
    return view.formats.day(text) if len(text) == 8 and text.isdecimal() else period


@section("data.dictionary")
def dictionary(view: View) -> Blocks:
    """A table's columns in words, and a search over all tables."""
    found = view.shown.definitions()
    marts = found.drop_duplicates("table_name").set_index("table_name")
    names = list(marts.index)
    mart = view.choice("table", names, "customers" if "customers" in names else names[0])
    form = filters(
        view,
        [
            Field(
                "table", view.t("data.dictionary.mart"), "select", [(name, name) for name in names], [mart]
            ),
            Field("search", view.t("data.dictionary.search"), "text", chosen=[view.one("search")]),
        ],
    )
    comment = view.texts.known(f"tables.{mart}", marts["table_comment"][mart] or "")
    said = comment or view.t("data.dictionary.undescribed")
    rows = view.t("data.dictionary.rows", rows=view.formats.number(marts["row_count"][mart]))
    found = found.assign(
        comment=[
            view.texts.known(f"definitions.{name}", text or "")
            for name, text in zip(found["column_name"], found["comment"], strict=True)
        ]
    )
    wanted = view.one("search").strip().lower()
    hits = found[
        found["column_name"].str.contains(wanted, regex=False)
        | found["comment"].str.lower().str.contains(wanted, regex=False)
    ]
    return [
        form,
        *([table(view, "hits", hits[["table_name", "column_name", "data_type", "comment"]], caption=view.t("data.dictionary.hits"))] if wanted else []),
        Note(said), Note(rows),
        table(view, "dictionary", found[found["table_name"] == mart][["column_name", "data_type", "comment"]], rows=200, sortable=False),
    ]  # fmt: skip


PAGE = Page(
    "data", {"landing": landing, "dictionary": lambda view: [dictionary(view)]}, group="data", is_still=True
)
