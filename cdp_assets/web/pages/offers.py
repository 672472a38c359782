"""Products page: what is bought together, what promotions came with, what gift cards are owed."""

from __future__ import annotations

from typing import Any

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, section
from cdp_assets.web.filters import filters
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.page import Page
from cdp_assets.web.queries import offers as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

DIMENSIONS = ("code", "campaign")


@section("offers.affinity", "product_affinity")
def affinity(view: View) -> Blocks:
    """Pairs of products that are bought together more often than chance, with the interval."""
    text = view.one("product")
    form = filters(view, [Field("product", view.t("offers.product"), "text", chosen=[text])])
    found = queries.affinity(view.shown, text)
    if found.empty:
        return [form, Note(view.t("offers.none"), "empty")]
    return [
        form,
        table(view, "affinity", found, "product_affinity", shares=["confidence", "support"], rows=25),
    ]


@section("offers.promotions", "promotion_effect")
def promotions(view: View) -> Blocks:
    """Codes and campaigns: orders, new customers, discounts, margin."""
    dimension = view.choice("of", list(DIMENSIONS))
    options = [(name, view.label(name, "dimensions")) for name in DIMENSIONS]
    form = filters(view, [Field("of", view.t("offers.of"), "radio", options, [dimension])])
    found = queries.promotions(view.shown, dimension)
    if found.empty:
        return [form, Note(view.t("offers.none"), "empty")]
    chart = charts.bars(view, found[["promotion", "net_revenue"]].head(20), "promotion", "net_revenue")
    uncosted = [name for name in ("margin", "costed_share") if found["margin"].isna().all()]
    blocks: list[Any] = [
        form, *late_notes(view),
        charts.picture(view, f"promotions_{dimension}", view.t("offers.promotions.title"), chart),
        table(view, "promotions", found.drop(columns=uncosted), "promotion_effect", shares=["discount_rate", "costed_share"]),
    ]  # fmt: skip
    return [*blocks, *([Note(view.t("attribution.payoff.no_cost"))] if uncosted else [])]


@section("offers.gift_cards", "gift_card_liability")
def gift_cards(view: View) -> Blocks:
    """What was sold and redeemed, month by month."""
    found = queries.gift_cards(view.shown)
    if found.empty:
        return [Note(view.t("offers.none"), "empty")]
    return [*late_notes(view), table(view, "gift_cards", found, "gift_card_liability")]


PAGE = Page(
    "offers",
    {
        "affinity": lambda view: [affinity(view)],
        "promotions": lambda view: [promotions(view)],
        "gift_cards": lambda view: [gift_cards(view)],
    },
    is_still=True,
)
