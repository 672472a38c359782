"""Customers page: the search over every contact and id, and its answer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.web.action import Done, Outcome, Shown
from cdp_assets.web.blocks import Blocks, Note, Part, missing_marts
from cdp_assets.web.page import Page
from cdp_assets.web.queries import customers as queries
from cdp_assets.web.queries import search
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NEEDS = ("customers", "customer_crosswalk", "orders")


def build(view: View) -> Blocks:
    """The search form, and the largest customers until something is searched."""
    if missing := missing_marts(view, NEEDS):
        return missing
    found = queries.largest(view.shown)
    return [
        Part("search", {"may_search": view.who.may("search"), "text": ""}),
        table(
            view, "largest", found, "customers", links=view.customer_links("customer_id"), sortable=False,
            caption=view.t("customers.largest"),
        ),
    ]  # fmt: skip


def find(view: View) -> Outcome:
    """The search: one customer found opens, several are listed. Sent as a form, so that no phone stands in an address or a log."""
    text = view.sent("q")
    if not text.strip():
        return Done("/customers")
    wanted = search.read(view.settings, text)
    found = search.by_id(view.shown, wanted)
    ways = set(found["found_by"])
    if view.who.may("search") and search.RECORDS in view.shown.contact_tables():
        by_contact = search.by_contact(view.shown, wanted)
        ways |= set(by_contact["found_by"])
        found = pd.concat([found, by_contact]).drop_duplicates("customer_id")
    ids = list(found["customer_id"])
    audit.append(
        view.settings, view.who.name, "search", found_by=sorted(ways), customers=len(ids), generation=view.shown.generation,
        subjects=ids[:20],
    )  # fmt: skip
    if len(ids) == 1:
        return Done(f"/customers/{ids[0]}")
    return Shown(view.t("customers.title"), _answer(view, text, found))


def _answer(view: View, text: str, found: pd.DataFrame) -> list[Any]:
    form = Part("search", {"may_search": view.who.may("search"), "text": text[: search.LONGEST]})
    notes = (
        [Note(view.t("customers.too_long", longest=search.LONGEST), "warning")]
        if len(text) > search.LONGEST
        else []
    )
    if found.empty:
        return [
            form,
            *notes,
            Note(view.t("customers.nobody" if view.who.may("search") else "customers.nobody_by_id"), "empty"),
        ]
    if len(found) > search.FOUND_AT_MOST:
        notes.append(Note(view.t("customers.cut", limit=search.FOUND_AT_MOST), "warning"))
    shown = search.listed(view.shown, list(found["customer_id"])[: search.FOUND_AT_MOST])
    shown = shown.merge(found, on="customer_id", how="left")
    names = [
        "customer_id",
        "found_by",
        *[name for name in shown.columns if name not in {"customer_id", "found_by"}],
    ]
    return [
        form, *notes,
        table(
            view, "found", shown, "customers", names=names, links=view.customer_links("customer_id"), families={"found_by": "found_by"},
            rows=search.FOUND_AT_MOST, sortable=False, is_export=False,
        ),
    ]  # fmt: skip


PAGE = Page("customers", {"all": build}, may="people", group="customers", is_personal=True)
