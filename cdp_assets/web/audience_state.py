"""An audience in a page's address: every field of the form and its lines, so that a version can be sent, copied and begun from.

What the lines say is `audience_form`; drawing is the page's.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams

from cdp_assets.activation.audience import Audience
from cdp_assets.activation.rules import Columns
from cdp_assets.web import audience_form as form

PURPOSES = (
    "marketing",
    "profiling",
    "ads_matching",
    "sharing",
    "measurement",
    "cross_border",
    "sensitive",
    "automated_decision",
)
ORDERS = (
    "value.discounted_value_12_months", "rfm.monetary", "rfm.recency_days", "attributes.net_revenue", "attributes.last_order_date",
    "lifecycle.days_since_purchase",
)  # fmt: skip
LONGEST_TITLE, LONGEST_VALUE = 120, 2000
Pairs = list[tuple[str, str]]


def lines_in(query: QueryParams) -> list[form.Line]:
    """The lines that an address has, those without a choice left away."""
    found = []
    for n in range(form.LINES):
        what = query.get(f"w{n}", "")
        level = _whole(query, f"l{n}")
        if what:
            value, days = query.get(f"v{n}", "")[:LONGEST_VALUE], query.get(f"d{n}", "")[:5]
            found.append(
                form.Line(what, query.get(f"h{n}") or "in", value, days, min(level, form.LEVELS - 1))
            )
    return found


def document_in(query: QueryParams, columns: Columns, untitled: str) -> dict[str, Any] | None:
    """The audience that an address describes; None where it has no line yet. Raises FormProblem."""
    lines = lines_in(query)
    if not lines:
        return None
    document: dict[str, Any] = {"title": query.get("title", "")[:LONGEST_TITLE] or untitled}
    if query.get("description"):
        document["description"] = query["description"][:LONGEST_VALUE]
    purpose = query.get("purpose", "")
    document |= {
        "purpose": purpose if purpose in PURPOSES else PURPOSES[0],
        "destinations": query.getlist("to"),
        "who": form.who_of(lines, columns),
    }
    family, _, column = query.get("order", "").partition(".")
    if column:
        is_up = query.get("direction") == "ascending"
        document["order_by"] = {family: column, **({"direction": "ascending"} if is_up else {})}
    if query.getlist("without"):
        document["suppress"] = query.getlist("without")
    return document | _limits(query)


def _limits(query: QueryParams) -> dict[str, Any]:
    """At most so many, held out, capped, before others, and from when to when: those that are given."""
    found: dict[str, Any] = {name: _whole(query, name) for name in ("top", "priority") if _whole(query, name)}
    if share := min(_whole(query, "holdout"), 90):
        experiment = query.get("experiment", "")
        found["holdout"] = {"share": share / 100, **({"experiment": experiment} if experiment else {})}
    if _whole(query, "cap") and _whole(query, "cap_days"):
        found["contact_cap"] = {"at_most": _whole(query, "cap"), "within_days": _whole(query, "cap_days")}
    if valid := {end: query[f"valid_{end}"] for end in ("from", "to") if query.get(f"valid_{end}")}:
        found["valid"] = valid
    return found


def _whole(query: QueryParams, name: str) -> int:
    text = query.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0


def pairs_of(audience: Audience) -> Pairs | None:
    """The address of an audience as it stands; None where lines cannot say all of it."""
    lines = form.lines_of(audience)
    if lines is None:
        return None
    pairs: Pairs = [("edit", "1"), ("title", audience.title), ("description", audience.description)]
    for n, line in enumerate(lines):
        given = {"w": line.what, "h": line.how, "v": line.value, "d": line.days, "l": str(line.level or "")}
        pairs += [(f"{name}{n}", value) for name, value in given.items()]
    pairs.append(("purpose", audience.purpose))
    if audience.order_by:
        pairs += [("order", ".".join(audience.order_by.column)), ("direction", audience.order_by.direction)]
    pairs += [("to", each) for each in audience.destinations] + [
        ("without", each) for each in audience.suppress
    ]
    pairs += [("top", str(audience.top or "")), ("priority", str(audience.priority or ""))]
    if audience.holdout:
        pairs += [
            ("holdout", str(round(100 * audience.holdout.share))),
            ("experiment", audience.holdout.experiment or ""),
        ]
    if audience.contact_cap:
        cap = audience.contact_cap
        pairs += [("cap", str(cap.at_most)), ("cap_days", str(cap.within_days))]
    pairs += [("valid_from", str(audience.valid.from_ or "")), ("valid_to", str(audience.valid.to or ""))]
    return [(name, value) for name, value in pairs if value]
