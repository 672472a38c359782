"""Data page: what landed, every mart with its definitions, and a read-only SQL box on the masked file."""

from __future__ import annotations

import streamlit as st

from cdp_assets.dbt_runner import docs_path
from cdp_assets.pages import charts
from cdp_assets.pages.exports import safe_csv
from cdp_assets.pages.formats import number, show_table
from cdp_assets.pages.frame import draw_tabs, empty, open_page, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import data as queries
from cdp_assets.pages.sql_box import ROW_LIMIT, SECONDS, QueryRefused, run_query
from cdp_assets.pages.texts import label, t
from cdp_assets.settings import Settings

FATES = ["landed_rows", "quarantined_rows", "duplicate_rows", "erased_rows"]
FIRST_QUERY = """select channel, count(*) as orders, sum(net_revenue) as net_revenue
from orders
group by channel
order by channel"""


def render() -> None:
    """Draw the page."""
    shown, settings = open_page("data")
    draw_tabs(
        "data",
        {
            "landing": lambda: _draw_landing(shown),
            "dictionary": lambda: _draw_definitions(shown, settings),
            "sql": lambda: _draw_box(shown),
        },
    )


def _draw_landing(shown: Published) -> None:
    _draw_held(shown)
    _draw_channels(shown)
    _draw_quarantine(shown)
    _draw_loads(shown)


def _draw_definitions(shown: Published, settings: Settings) -> None:
    _draw_dictionary(shown)
    _draw_docs(settings)


@section("data.held", "ops_held_files")
def _draw_held(shown: Published) -> None:
    found = queries.held(shown)
    if found.empty:
        empty("data.held.none")
        return
    show_table(found, shown, "ops_held_files", key="held_files")


@section("data.channels", "ops_loads")
def _draw_channels(shown: Published) -> None:
    found = queries.channels(shown)
    if found.empty:
        empty("data.loads.none")
        return
    long = found.melt(id_vars=["channel", "export"], value_vars=FATES, var_name="fate", value_name="rows")
    broken = long[(long["fate"] != "landed_rows") & (long["rows"] > 0)]
    if not broken.empty:
        names = broken.assign(
            fate=[label(fate) for fate in broken["fate"]], export=broken["channel"] + " · " + broken["export"]
        )
        charts.draw(
            charts.stacked_bars(names, "export", "rows", "fate"), t("data.channels.title"), key="row_fates"
        )
    show_table(found, shown, "ops_loads", key="channels")


@section("data.quarantine", "ops_quarantine_summary")
def _draw_quarantine(shown: Published) -> None:
    found = queries.quarantine(shown)
    if found.empty:
        empty("data.quarantine.none")
        return
    show_table(found, shown, "ops_quarantine_summary", key="quarantine")


@section("data.loads", "ops_loads")
def _draw_loads(shown: Published) -> None:
    names = list(queries.channels(shown)["channel"].unique())
    chosen, _ = st.columns([1, 3])
    channel = chosen.selectbox(
        t("data.loads.channel"), names, index=None, placeholder=t("data.loads.every"), key="loads_channel"
    )
    show_table(queries.loads(shown, channel), shown, "ops_loads", key="loads", height=320)


@section("data.dictionary")
def _draw_dictionary(shown: Published) -> None:
    found = shown.definitions()
    marts = found.drop_duplicates("table_name").set_index("table_name")
    names = list(marts.index)
    chosen, _ = st.columns([1, 2])
    mart = str(
        chosen.selectbox(
            t("data.dictionary.mart"), names, index=names.index("customers") if "customers" in names else 0
        )
    )
    comment = marts["table_comment"][mart]
    st.markdown(str(comment) if isinstance(comment, str) else f":gray[{t('data.dictionary.undescribed')}]")
    st.caption(t("data.dictionary.rows", rows=number(float(marts["row_count"][mart]))))
    columns = found[found["table_name"] == mart][["column_name", "data_type", "comment"]]
    show_table(
        columns, shown, key="dictionary", height="content",
        columns={"comment": st.column_config.TextColumn(label("comment"), width="large")},
    )  # fmt: skip
    wanted = st.text_input(t("data.dictionary.search"), key="dictionary_search").strip().lower()
    if wanted:
        hits = found[
            found["column_name"].str.contains(wanted, regex=False)
            | found["comment"].fillna("").str.lower().str.contains(wanted, regex=False)
        ]
        show_table(hits[["table_name", "column_name", "data_type", "comment"]], shown, key="dictionary_hits")


def _draw_docs(settings: Settings) -> None:
    """dbt's own pages, one static file made with the run."""
    docs = docs_path(settings)
    st.markdown(f"**{t('data.docs.title')}**")
    if docs.exists():
        st.download_button(
            t("data.docs.open"),
            data=docs.read_bytes,
            file_name="onefold_dbt_docs.html",
            mime="text/html",
            on_click="ignore",
        )
        st.caption(t("data.docs.path", path=docs))
    else:
        empty("data.docs.none")


@section("data.sql")
def _draw_box(shown: Published) -> None:
    st.caption(t("data.sql.limits", rows=number(ROW_LIMIT), seconds=number(SECONDS)))
    with st.form("sql_box", border=False):
        sql = st.text_area(t("data.sql.query"), value=FIRST_QUERY, height=160, key="sql_text")
        asked = st.form_submit_button(t("data.sql.run"), type="primary")
    if asked:
        st.session_state["sql_asked"] = sql
    if "sql_asked" not in st.session_state:
        return
    try:
        answer = run_query(shown.marts_path, st.session_state["sql_asked"])
    except QueryRefused as refused:
        st.error(t(f"data.sql.refused_{refused.code}", seconds=number(SECONDS)))
        if refused.detail:
            st.code(refused.detail, language=None)
        return
    st.caption(t("data.sql.cut" if answer.is_cut else "data.sql.rows", rows=number(len(answer.rows))))
    st.dataframe(answer.rows, hide_index=True, key="sql_answer")
    st.download_button(
        t("data.sql.download"), safe_csv(answer.rows), "onefold_query.csv", "text/csv", on_click="ignore"
    )
