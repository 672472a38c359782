"""SQL page: queries of one's own on the masked file, as far as one's roles see its columns."""

from __future__ import annotations

from typing import Any

from cdp_assets import audit
from cdp_assets.publishing.limited_query import SECONDS, QueryRefused
from cdp_assets.web import exports
from cdp_assets.web.action import Done, Download, Outcome, Refused, Shown
from cdp_assets.web.blocks import Blocks, Note, Part
from cdp_assets.web.page import Page
from cdp_assets.web.sql_box import ROW_LIMIT, run_query
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

FIRST_QUERY = """select channel, count(*) as orders, sum(net_revenue) as net_revenue
from orders
group by channel
order by channel"""
LONGEST = 20_000


def build(view: View) -> Blocks:
    """The form with a first query."""
    return [_form(view, FIRST_QUERY)]


def _form(view: View, sql: str) -> Part:
    limits = view.t("sql.limits", rows=view.formats.number(ROW_LIMIT), seconds=view.formats.number(SECONDS))
    return Part("sql", {"sql": sql, "limits": limits, "may_export": view.who.may("export")})


def run(view: View) -> Outcome:
    """Run the query: its rows as a page, or as a file. A refusal says why, beside the query."""
    sql, form = view.sent("sql"), view.sent("form")
    if not sql.strip():
        return Done("/sql")
    if len(sql) > LONGEST:
        raise Refused("query_too_long", longest=LONGEST)
    try:
        answer = run_query(view.settings, view.shown, sql, view.who.columns)
    except QueryRefused as refused:
        _note(view, sql, refused=refused.code)  # what DuckDB says of an error may quote rows
        said = view.t(f"sql.refused_{refused.code}", seconds=view.formats.number(SECONDS))
        return Shown(view.t("sql.title"), [_form(view, sql), Note(said, "error", code=refused.detail)])
    _note(view, sql, rows=len(answer.rows))
    if form in exports.FORMS:
        return _file(view, form, answer.rows)
    said = view.t("sql.cut" if answer.is_cut else "sql.rows", rows=view.formats.number(len(answer.rows)))
    blocks: list[Any] = [_form(view, sql), Note(said)]
    if len(answer.rows.columns):
        headings = {str(name): str(name) for name in answer.rows.columns}
        rows = answer.rows.rename(columns=str)
        rows = rows.loc[:, ~rows.columns.duplicated()]
        blocks.append(
            table(view, "answer", rows, headings=headings, rows=ROW_LIMIT, sortable=False, is_export=False)
        )
    return Shown(view.t("sql.title"), blocks)


def _note(view: View, sql: str, **facts: Any) -> None:
    """Into the log, the query whole: what stands at its end counts, too."""
    audit.append(view.settings, view.who.name, "query", generation=view.shown.generation, sql=sql, **facts)


def _file(view: View, form: str, rows: Any) -> Download:
    if not view.who.may("export"):
        raise Refused("no_export")
    audit.append(
        view.settings,
        view.who.name,
        "export",
        what="sql",
        form=form,
        rows=len(rows),
        generation=view.shown.generation,
    )
    return exports.FORMS[form].download(f"onefold_{view.shown.generation}_query", rows)


PAGE = Page("sql", {"all": build}, may="sql", group="data")
