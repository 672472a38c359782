"""One customer whole: profile, records with the picture of their identity, timeline, scores; masked, in clear only for a reason."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.web.action import Outcome, Refused, Shown
from cdp_assets.web.answers import Redirect
from cdp_assets.web.blocks import (
    Blocks,
    Field,
    Figure,
    Figures,
    Note,
    Part,
    Row,
    Section,
    missing_marts,
    records,
    section,
)
from cdp_assets.web.filters import filters
from cdp_assets.web.formats import MONEY_ENDINGS, NOTHING, SHARE_ENDINGS, nothing
from cdp_assets.web.graph import lay_out
from cdp_assets.web.page import Page
from cdp_assets.web.pages import deciding
from cdp_assets.web.queries import customers as queries
from cdp_assets.web.tables import FAMILIES, seldom, table
from cdp_assets.web.timeline import draw_timeline
from cdp_assets.web.view import View

NEEDS = ("customers", "customer_crosswalk", "orders")
CONSENTS = ("is_marketing_allowed", "is_profiling_allowed", "is_ads_matching_allowed", "is_sharing_allowed")
FACTS = ("customer_rfm", "customer_value", "customer_lifecycle", "customer_traits")
EDGES = ["record_l", "record_r", "edge_kind", "match_weight", "is_refused", "other_customer_id"]
CONSENT_COLUMNS = [
    "purpose",
    "status",
    "contact_type",
    "channel",
    "recorded_at",
    "signal",
    "legal_basis",
    "policy_version",
    "expires_at",
]
MASKED = "•••"
RECORD = [
    "channel",
    "source_customer_id",
    "record_kind",
    "masked_full_name",
    "masked_phone",
    "masked_email",
    "confidence",
    "created_at",
]
SELDOM = ("contact_role", "birth_year", "address")
HEADLINES = {"net_revenue": "money", "order_count": "number", "average_order_value": "money", "first_order_date": "day",
             "last_order_date": "day", "touch_count": "number"}  # fmt: skip


def found(view: View) -> dict[str, Any] | None:
    """The customer of the address; goes to the successor of a merged id, and None for an unknown one."""
    if view.shown.missing(NEEDS):
        return None
    customer_id = view.values["customer_id"]
    rows = queries.one(view.shown, customer_id)
    if not rows.empty:
        return records(rows)[0]
    successor = queries.successor_of(view.shown, customer_id)
    if successor:
        raise Redirect(f"/customers/{successor}?said=moved")
    view.status = 404
    return None


def _nobody(view: View) -> list[Any]:
    if missing := missing_marts(view, NEEDS):
        return missing
    return [Note(view.t("customers.unknown"), "warning", code="onefold resolve-id …")]


def headed(view: View) -> tuple[dict[str, Any] | None, list[Any]]:
    """The customer's row, whose head is put over the tabs; or None, and why there is none."""
    row = found(view)
    if row is None:
        return None, _nobody(view)
    _put_head(view, row)
    return row, []


def _put_head(view: View, row: dict[str, Any]) -> None:
    """The name as the heading, and over the tabs what each of them begins with."""
    customer_id = str(row["customer_id"])
    badges = []
    for mart, column, family in (
        ("customer_rfm", "segment", "segments_of_customers"),
        ("customer_lifecycle", "stage", "stages"),
    ):
        rows = _rows(view, mart, customer_id)
        if not rows.empty:
            badges.append(view.label(str(rows[column].iloc[0]), family))
    name = row["masked_full_name"]
    comments = view.definitions("customers")
    figures = [
        Figure(view.label(column), getattr(view.formats, form)(row[column]), help=comments.get(column))
        for column, form in HEADLINES.items()
    ]
    head = Part(
        "customer_head",
        {
            "customer_id": customer_id, "badges": badges, "phone": _text(row["masked_phone"]), "email": _text(row["masked_email"]),
            "reveal": view.to(f"/customers/{customer_id}/reveal") if view.who.may("reveal") else None,
        },
    )  # fmt: skip
    view.heading = view.t("customer.without_name") if nothing(name) else str(name)
    view.head += [head, Figures(figures)]


def profile(view: View) -> Blocks:
    """Golden values with their origin, consents."""
    row, nobody = headed(view)
    return nobody if row is None else [_golden(view, row), _consent(view, row)]


@section("customer.golden", "customer_attribute_provenance")
def _golden(view: View, row: dict[str, Any]) -> Blocks:
    values = {
        "full_name": row["masked_full_name"], "phone": row["masked_phone"], "email": row["masked_email"],
        "birth_date": view.formats.cell("birth_year", row["birth_year"]), "gender": row["gender"],
        "address": ", ".join(str(part) for part in (row["city"], row["region"], row["country"]) if not nothing(part)),
    }  # fmt: skip
    origin = _rows(view, "customer_attribute_provenance", str(row["customer_id"]))
    if origin.empty:
        return [Note(view.t("customer.golden.none"), "empty")]
    shown = origin.assign(golden_value=[values.get(name, MASKED) or NOTHING for name in origin["attribute"]])
    names = [
        "attribute",
        "golden_value",
        "channel",
        "source_customer_id",
        "rule",
        "record_count",
        "value_count",
    ]
    return [
        table(
            view, "golden", shown, "customer_attribute_provenance", names=names, families={"attribute": "attributes", "rule": "rules"},
            sortable=False,
        )
    ]  # fmt: skip


@section("customer.consent")
def _consent(view: View, row: dict[str, Any]) -> Blocks:
    if "consents" in view.shown.tables():
        detail = queries.of_customer(view.shown, "consents", str(row["customer_id"]))
        if not detail.empty:
            shown = detail.sort_values(["purpose", "recorded_at"]).dropna(axis="columns", how="all")
            return [
                table(
                    view,
                    "consents",
                    shown,
                    "consents",
                    names=[name for name in CONSENT_COLUMNS if name in shown],
                    families={"status": "consent_states"},
                    tones={"status": {"granted": "good", "denied": "bad", "withdrawn": "bad"}},
                ),
                *_profiled(view, row),
            ]
    known = [(name, "granted" if row[name] else "not_granted") for name in CONSENTS]
    shown = pd.DataFrame(known, columns=pd.Index(["purpose", "status"]))
    tones = {"status": {"granted": "good", "denied": "bad"}}
    return [
        table(
            view,
            "consent",
            shown,
            families={"purpose": "columns", "status": "consent_states"},
            tones=tones,
            sortable=False,
            is_export=False,
        ),
        *_profiled(view, row),
    ]


def _profiled(view: View, row: dict[str, Any]) -> list[Note]:
    return [Note(view.t("customer.profiled" if row["is_profiled"] else "customer.not_profiled"))]


def records_tab(view: View) -> Blocks:
    """The records behind the id, the picture of what connects them, and what happened to the id."""
    row, nobody = headed(view)
    return nobody if row is None else [_picture(view, row), _records(view, row), _events(view, row)]


@section("customer.graph", "records", "identity_edges")
def _picture(view: View, row: dict[str, Any]) -> Blocks:
    own = queries.records(view.shown, str(row["customer_id"]))
    edges = queries.edges(view.shown, str(row["customer_id"]))
    dates = sorted({f"{date:%Y-%m-%d}" for date in own["created_at"].dropna()}) if len(own) else []
    until = view.choice("until", ["", *dates])
    graph = lay_out(
        view.spelled(own, "channels", "channel"),
        edges,
        pd.Timestamp(until) + pd.Timedelta(days=1) if until else None,
    )
    options = [
        ("", view.t("customer.graph.today")),
        *((each, view.formats.day(pd.Timestamp(each))) for each in dates),
    ]
    said = view.t(
        "customer.graph.said",
        records=len(own),
        edges=int((~edges["is_refused"].astype(bool)).sum()),
        refused=int(edges["is_refused"].astype(bool).sum()),
    )
    return [
        *(
            [filters(view, [Field("until", view.t("customer.graph.until"), "select", options, [until])])]
            if len(dates) > 1
            else []
        ),
        Part("graph", {"graph": graph, "said": said}),
        *(
            [Note(view.t("customer.graph.left_out", count=graph.left_out), "warning")]
            if graph.left_out
            else []
        ),
        table(
            view,
            "edges",
            edges.assign(
                **{
                    name: [_record_name(view, each) for each in edges[name]]
                    for name in ("record_l", "record_r")
                }
            ),
            "identity_edges",
            names=EDGES,
            links=view.customer_links("other_customer_id"),
            rows=25,
            tones={"is_refused": {"True": "bad"}},
        ),
    ]


def _record_name(view: View, name: str) -> str:
    """`shopify · 4711` with the channel as it calls itself."""
    channel, _, own = name.partition(" · ")
    return f"{view.texts.names(channel, 'channels')} · {own}" if own else name


@section("customer.records", "records", "customer_crosswalk")
def _records(view: View, row: dict[str, Any]) -> Blocks:
    own = queries.records(view.shown, str(row["customer_id"]))
    said = view.t("customer.records_about", records=len(own), channels=own["channel"].nunique())
    own = own.assign(address=own.apply(_place, axis="columns") if len(own) else None)
    blocks: list[Any] = [
        Note(said),
        table(
            view, "records", own, "records", "customer_crosswalk", names=[*RECORD, *seldom(own, *SELDOM)], shares=["confidence"], rows=25,
            also=["city", "country", "record_key"],
        ),
    ]  # fmt: skip
    if not nothing(row["household_id"]):
        blocks.append(Note(view.t("customer.household"), code=str(row["household_id"])))
    return blocks


def _place(record: pd.Series) -> str | None:
    """City and country of a record, as far as they are known."""
    return ", ".join(str(each) for each in (record["city"], record["country"]) if not nothing(each)) or None


@section("customer.events", "customer_id_events")
def _events(view: View, row: dict[str, Any]) -> Blocks:
    shown = queries.id_events(view.shown, str(row["customer_id"]))
    if shown.empty:
        return [Note(view.t("customer.events.none"), "empty")]
    return [
        table(view, "id_events", shown, "customer_id_events", links=view.customer_links("other_customer_id"))
    ]


def timeline(view: View) -> Blocks:
    """Orders, refunds and touches over all channels, as a picture and as a list; and what was bought."""
    row, nobody = headed(view)
    return nobody if row is None else [_timeline(view, row), _bought(view, row)]


@section("customer.happened", "orders", "refunds", "touchpoints")
def _timeline(view: View, row: dict[str, Any]) -> Blocks:
    events = queries.timeline(view.shown, str(row["customer_id"]))
    if events.empty:
        return [Note(view.t("customer.no_events"), "empty")]
    events = events.assign(what=[_what(view, each) for each in records(events)]).drop(columns=["code"])
    events["lane"] = [
        view.label(lane, "marketing_channels" if event == "touch" else "channels")
        for lane, event in zip(events["lane"], events["event"], strict=True)
    ]
    drawn = events.head(queries.EVENTS_DRAWN)
    cut = (
        [Note(view.t("customer.timeline_cut", limit=queries.EVENTS_DRAWN))]
        if len(drawn) < len(events)
        else []
    )
    return [
        Part("timeline", draw_timeline(view, drawn)),
        *cut,
        table(view, "events", events, "orders", families={"event": "events"}, rows=25),
    ]


def _what(view: View, event: dict[str, Any]) -> str:
    """An order's id and status, a touch's type and campaign, in words."""
    family = "order_statuses" if event["event"] == "order" else "touch_types"
    code = "" if nothing(event["code"]) else view.label(str(event["code"]), family)
    what = "" if nothing(event["what"]) else str(event["what"])
    return " · ".join(part for part in ((what, code) if event["event"] == "order" else (code, what)) if part)


@section("customer.bought", "order_lines")
def _bought(view: View, row: dict[str, Any]) -> Blocks:
    shown = queries.bought(view.shown, str(row["customer_id"]))
    if shown.empty:
        return [Note(view.t("customer.bought.none"), "empty")]
    return [table(view, "bought", shown, "order_lines", rows=25)]


def value(view: View) -> Blocks:
    """RFM, lifecycle, expected value and traits, each fact with its definition."""
    row, nobody = headed(view)
    if row is None:
        return nobody
    return [Row([_facts(view, row, mart) for mart in FACTS])]


def _facts(view: View, row: dict[str, Any], mart: str) -> Section:
    @section(f"customer.{mart}", mart)
    def build(view: View) -> Blocks:
        rows = _rows(view, mart, str(row["customer_id"]))
        if rows.empty:
            return [Note(view.t("customer.not_in_mart"), "empty")]
        facts, comments = records(rows.drop(columns=["customer_id"]))[0], view.definitions(mart)
        shown = pd.DataFrame(
            {
                "fact": [view.label(name) for name in facts],
                "fact_value": [_fact(view, name, each) for name, each in facts.items()],
            }
        )
        meanings = [(view.label(name), comments[name]) for name in facts if comments.get(name)]
        return [
            table(
                view, f"facts_{mart}", shown, sortable=False, is_export=False, families={"fact": "none"}, numbers=["fact_value"],
                meanings=meanings,
            )
        ]  # fmt: skip

    return build(view)


def _fact(view: View, name: str, each: Any) -> str:
    """One value of any type as text, by its name's ending as in tables."""
    if nothing(each):
        return NOTHING
    if type(each).__name__ in {"bool", "bool_"}:
        return view.t("words.yes" if each else "words.no")
    if isinstance(each, str):
        return view.texts.known(f"{FAMILIES.get(name, 'values')}.{each}", each)
    if isinstance(each, (int, float)) and name.endswith(MONEY_ENDINGS) and not name.endswith(SHARE_ENDINGS):
        return view.formats.money(each)
    return view.formats.cell(name, each)


def decide(view: View) -> Blocks:
    """Merge with another, split records off, rulings and their undoing."""
    row, nobody = headed(view)
    return nobody if row is None else [*deciding.parts(view, row)]


def reveal(view: View) -> Outcome:
    """One person's identifiers in clear, for a reason, each time noted; the page is not stored anywhere."""
    reason = view.sent("reason")
    if not reason:
        raise Refused("reason")
    row = found(view)
    if row is None:
        raise Refused("unknown_customer")
    customer_id = str(row["customer_id"])
    audit.append(
        view.settings,
        view.who.name,
        "reveal",
        subjects=[customer_id],
        reason=reason[:300],
        generation=view.shown.generation,
    )
    golden = queries.one_in_clear(view.shown, customer_id)
    facts = records(golden)[0] if len(golden) else {}
    shown = pd.DataFrame(
        {
            "fact": [view.label(name) for name in facts if name != "customer_id"],
            "fact_value": [_fact(view, name, each) for name, each in facts.items() if name != "customer_id"],
        }
    )
    blocks: list[Any] = [
        Note(
            view.t("customer.revealed"),
            "warning",
            href=view.customer(customer_id),
            link=view.t("customer.back_to_masked"),
        ),
        table(
            view,
            "clear",
            shown,
            sortable=False,
            is_export=False,
            families={"fact": "none"},
            caption=view.t("customer.golden.title"),
        ),
    ]
    if "records_contact" in view.shown.contact_tables():
        own = queries.records_in_clear(view.shown, customer_id)
        blocks.append(
            table(
                view,
                "clear_records",
                own,
                sortable=False,
                is_export=False,
                rows=500,
                caption=view.t("customer.records.title"),
            )
        )
    return Shown(view.t("customer.clear_title"), blocks)


def _rows(view: View, mart: str, customer_id: str) -> pd.DataFrame:
    if view.shown.missing([mart]):
        return pd.DataFrame()
    return queries.of_customer(view.shown, mart, customer_id)


def _text(each: Any) -> str:
    return NOTHING if nothing(each) else str(each)


PAGE = Page(
    "customer",
    {"profile": profile, "records": records_tab, "timeline": timeline, "value": value, "decide": decide},
    may="people",
    group=None,
    is_personal=True,
    address="/customers/{customer_id}",
)
