"""Changes page: why numbers differ from the generation before: a bridge for customers, totals, and rows per table."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.blocks import Blocks, Note, section
from cdp_assets.web.formats import nothing
from cdp_assets.web.page import Page
from cdp_assets.web.published import Published, previous_published
from cdp_assets.web.queries import changes as queries
from cdp_assets.web.queries import overview
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

TOTALS = ("customers", "records", "orders", "net_revenue", "touches")
NEEDS = ("customers", "customer_crosswalk", "orders", "touchpoints")


def build(view: View) -> Blocks:
    """The whole page."""
    before = previous_published(view.shown)
    if before is None or before.missing(NEEDS):
        return [Note(view.t("changes.first"), "empty")]
    said = view.t(
        "changes.between", before=before.generation, as_of_date=view.formats.day(before.as_of_date())
    )
    asked = view.choice("kind", ["", *queries.KINDS])
    return [
        Note(said),
        _bridge(view, before),
        *([_rows(view, before, asked)] if asked else []),
        _totals(view, before),
        _tables(view, before),
    ]


@section("changes.bridge", *NEEDS)
def _bridge(view: View, before: Published) -> Blocks:
    """The customers of the generation before, each reason for a change with a link to its rows, and those of now."""
    counts = queries.bridge(view.shown, before)
    steps = [(kind, sign * int(counts.get(kind, 0)), kind) for kind, sign in queries.KINDS.items()]
    start, end = queries.customers(before), queries.customers(view.shown)
    rows = [
        ("before", start, None),
        *((name, change, kind) for name, change, kind in steps if change),
        ("now", end, None),
    ]
    shown = pd.DataFrame(
        {
            "step": [name for name, _, _ in rows],
            "customers": [
                view.formats.number(count) if kind is None else view.formats.signed(count)
                for _, count, kind in rows
            ],
            "kind": [kind for _, _, kind in rows],
        }
    )
    links = {
        "step": lambda row: (
            None if nothing(row["kind"]) else view.link(kind=row["kind"], **{"rows.from": None})
        )
    }
    unexplained = end - start - sum(change for _, change, _ in steps)
    return [
        table(
            view,
            "bridge",
            shown,
            names=["step", "customers"],
            families={"step": "bridge"},
            links=links,
            sortable=False,
            numbers=["customers"],
        ),
        *(
            [Note(view.t("changes.unexplained", count=view.formats.signed(unexplained)), "error")]
            if unexplained
            else []
        ),
    ]


@section("changes.rows", *NEEDS)
def _rows(view: View, before: Published, kind: str) -> Blocks:
    found = queries.rows(view.shown, before, kind)
    if found.empty:
        return [Note(view.t("changes.none"), "empty")]
    links = view.customer_links("customer_id", "other_customer_id")
    return [table(view, "rows", found, "customer_id_events", links=links, caption=view.label(kind, "bridge"))]


@section("changes.totals", *NEEDS)
def _totals(view: View, before: Published) -> Blocks:
    old, new = overview.totals(before).iloc[0], overview.totals(view.shown).iloc[0]
    money = {"net_revenue"}
    shown = pd.DataFrame(
        {
            "figure": list(TOTALS),
            "value_before": [
                view.formats.money(old[n]) if n in money else view.formats.number(old[n]) for n in TOTALS
            ],
            "value_now": [
                view.formats.money(new[n]) if n in money else view.formats.number(new[n]) for n in TOTALS
            ],
            "change": [view.formats.signed((new[n] or 0) - (old[n] or 0)) for n in TOTALS],
        }
    )
    numbers = ["value_before", "value_now", "change"]
    return [table(view, "figures", shown, families={"figure": "totals"}, sortable=False, numbers=numbers)]


@section("changes.tables")
def _tables(view: View, before: Published) -> Blocks:
    both = overview.row_counts(before).merge(
        overview.row_counts(view.shown), on="mart", how="outer", suffixes=("_before", "")
    )
    both["change"] = both["row_count"].fillna(0) - both["row_count_before"].fillna(0)
    changed = both[both["change"] != 0].sort_values("change", key=abs, ascending=False)
    if changed.empty:
        return [Note(view.t("changes.same"), "empty")]
    return [table(view, "tables", changed)]


PAGE = Page("changes", {"all": build})
