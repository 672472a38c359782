"""Advertising spend: one row per day and campaign, or per day where the report names none."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, as_date, currency_sql, name_of, number
from cdp_assets.drafting.table import Field, Table


def _plainest(table: Table, role: str) -> Field | None:
    """Of several counts the one that is named by the fewest letters: all of them, not viewable ones or those of a kind."""
    found = [each for each in table.all(role) if each.is_number and not each.column.is_blank]
    return min(found, key=lambda each: len(each.column.header), default=None)


def draft(table: Table) -> Iterator[Model]:
    spend, moment = number(table, "spend"), table.moment
    if not (spend and moment) or table.keys.order:
        return
    campaign = table.first("campaign") or table.first("campaign_id")
    currency, asked = currency_sql(table)
    source, medium, coded = table.first("source"), table.first("medium"), table.first("currency")
    impressions, clicks = (_plainest(table, role) for role in ("impressions", "clicks"))
    expressions = {
        "spend_date": as_date(moment),
        "source": name_of(source) or f"'{table.channel}'",
        "medium": name_of(medium) or "'cpc'",
        "campaign": name_of(campaign),
        "currency": currency,
        "spend": f"sum({spend.name})",
        "impressions": f"sum({impressions.name})" if impressions else None,
        "clicks": f"sum({clicks.name})" if clicks else None,
    }
    group = [moment.name, *(each.name for each in (campaign, source, medium, coded) if each)]
    questions = ["source, medium: add them to data/reference/marketing_channels.csv", *asked]
    if campaign is None:
        questions.append(
            "campaign: the report has no column of it, so spend is per day; which column tells campaigns apart?"
        )
    yield Model("spend", table, expressions, group_by=", ".join(group), questions=tuple(questions))
