"""Review page: the pairs that wait for a steward, filtered and sorted; and one pair on the records' own values, with keys."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.web import rulings
from cdp_assets.web.action import Done, Outcome, Refused, Shown
from cdp_assets.web.blocks import Blocks, Cell, Field, Note, Part, Row, missing_marts, records, section
from cdp_assets.web.filters import filters
from cdp_assets.web.formats import NOTHING, nothing
from cdp_assets.web.page import Page
from cdp_assets.web.queries import review as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NEEDS = (queries.QUEUE, queries.RECORDS, "customers")
LISTED = [
    "queue_rank",
    "kind",
    "match_probability",
    "records_affected",
    "revenue_affected",
    "customer_id_l",
    "customer_id_r",
    "is_ruled",
]
PERSONAL = {
    "gender",
    "city",
    "region",
    "country",
}  # facts of a person, which may agree; the others are of records


def build(view: View) -> Blocks:
    """The queue, what waits for the next run, and what runs did not take."""
    refused = rulings.refused(view.settings, view.shown)
    return [_queue(view), _waiting(view), *([] if refused.empty else [_refused(view, refused)])]


@section("review.queue", *NEEDS)
def _queue(view: View) -> Blocks:
    found = _with_state(view)
    if found.empty:
        return [Note(view.t("review.none"), "empty")]
    kinds = sorted(found["kind"].unique())
    kind, state = view.choice("kind", ["", *kinds]), view.choice("state", ["open", "ruled", "all"])
    form = filters(
        view,
        [
            Field(
                "kind",
                view.t("review.kind"),
                "select",
                [("", view.t("review.every")), *((k, view.label(k, "review_kinds")) for k in kinds)],
                [kind],
            ),
            Field(
                "state",
                view.t("review.state"),
                "radio",
                [(name, view.t(f"review.{name}")) for name in ("open", "ruled", "all")],
                [state],
            ),
        ],
    )
    chosen = found[(found["kind"] == kind) | (kind == "")]
    chosen = chosen[(state == "all") | (chosen["is_ruled"] == (state == "ruled"))]
    links = {
        "queue_rank": lambda row: view.to(f"/review/{row['record_key_l']}/{row['record_key_r']}"),
        **view.customer_links("customer_id_l", "customer_id_r"),
    }
    start = [] if chosen.empty else [Part("start", {"address": _address(view, chosen.iloc[0])})]
    shown = chosen[[*LISTED, "record_key_l", "record_key_r"]]
    return [
        form,
        *start,
        table(
            view,
            "queue",
            shown,
            queries.QUEUE,
            names=[*LISTED],
            links=links,
            families={"kind": "review_kinds"},
        ),
    ]


@section("review.waiting")
def _waiting(view: View) -> Blocks:
    found = rulings.waiting(view.settings, view.shown)
    if not found:
        return [Note(view.t("review.nothing_waits"), "empty")]
    return [Part("waiting", {"waiting": found, "may_rule": view.who.may("rule"), "back": "/review"})]


@section("review.refused")
def _refused(view: View, found: pd.DataFrame) -> Blocks:
    def pair_of(row: Any) -> str | None:
        return None if nothing(row["record_key_l"]) else _address(view, row)

    return [
        table(
            view,
            "refused",
            found,
            "ops_decisions",
            names=["decided_at", "because", "reason_code", "decided_by", "reason"],
            links={"because": pair_of},
            families={"because": "because", "reason_code": "refusals", "reason": "none"},
            is_export=False,
        )
    ]


def _with_state(view: View) -> pd.DataFrame:
    found = queries.queue(view.shown)
    ruled = {
        frozenset(pair[1:]) for each in rulings.waiting(view.settings, view.shown) for pair in each.pairs
    }
    is_ruled = [
        frozenset(pair) in ruled for pair in zip(found["record_key_l"], found["record_key_r"], strict=True)
    ]
    return found.assign(is_ruled=is_ruled)


def _address(view: View, row: Any) -> str:
    return view.to(f"/review/{row['record_key_l']}/{row['record_key_r']}")


def pair(view: View) -> Blocks:
    """Two records side by side, what was compared, the evidence, and the form."""
    if missing := missing_marts(view, NEEDS):
        return missing
    left, right = view.values["left"], view.values["right"]
    found = [queries.record(view.shown, key) for key in (left, right)]
    if any(each.empty for each in found):
        view.status = 404
        return [
            Note(view.t("review.unknown"), "warning", href=view.to("/review"), link=view.t("review.title"))
        ]
    queue = _with_state(view)
    here = queue[(queue["record_key_l"] == left) & (queue["record_key_r"] == right)]
    facts = Row(
        [
            _values(view, [records(each)[0] for each in found], (left, right)),
            _form(view, queue, here, (left, right)),
        ],
        "wide",
    )
    return [*_place(view, here), facts, _evidence(view, left, right)]


def _place(view: View, here: pd.DataFrame) -> list[Note]:
    if here.empty:
        return [Note(view.t("review.not_in_queue"))]
    row = here.iloc[0]
    said = view.t(
        "review.place",
        rank=view.formats.number(row["queue_rank"]),
        kind=view.label(str(row["kind"]), "review_kinds"),
        probability=view.formats.share(row["match_probability"]),
    )
    return [Note(said), *([Note(view.t("review.already"), "warning")] if row["is_ruled"] else [])]


@section("review.values", *NEEDS)
def _values(view: View, sides: list[dict[str, Any]], keys: tuple[str, str]) -> Blocks:
    agreement = queries.agreement(view.shown, *keys)
    masked = {
        "masked_full_name": "full_name",
        "masked_phone": "phone",
        "masked_email": "email",
        "birth_year": "birth_date",
    }
    names = list(sides[0])
    said: list[list[Any]] = [[_word(view, name, side[name]) for name in names] for side in sides]
    for texts, side in zip(said, sides, strict=True):
        texts[names.index("customer_id")] = _customer_cell(view, side["customer_id"])
    states = [
        agreement.get(masked[name])
        if name in masked
        else _state(*[side[name] for side in sides])
        if name in PERSONAL
        else None
        for name in names
    ]
    extra = [
        name for name in ("street", "postcode", "loyalty_id") if agreement.get(name) not in (None, "missing")
    ]
    compared = pd.DataFrame(
        {
            "fact": [view.label(name) for name in [*extra, *names]],
            "record_l": [*(["•••"] * len(extra)), *said[0]],
            "record_r": [*(["•••"] * len(extra)), *said[1]],
            "agreement": [*(agreement[name] for name in extra), *states],
        }
    )
    shown = pd.concat([compared[compared["agreement"].notna()], compared[compared["agreement"].isna()]])
    tones = {"agreement": {"equal": "good", "different": "bad"}}
    return [
        table(
            view,
            "pair",
            shown,
            sortable=False,
            is_export=False,
            families={"fact": "none", "agreement": "agreements"},
            tones=tones,
        ),
        *(
            [Part("reveal", {"address": view.to(f"/review/{keys[0]}/{keys[1]}/reveal")})]
            if view.who.may("reveal")
            else []
        ),
    ]


def _customer_cell(view: View, customer_id: Any) -> Any:
    """The customer that a record is part of, as a link."""
    if nothing(customer_id):
        return NOTHING
    return Cell(f"{str(customer_id)[:8]}…", view.customer(customer_id), whole=str(customer_id))


def _state(left: Any, right: Any) -> str:
    if nothing(left) or nothing(right):
        return "missing"
    return "equal" if left == right else "different"


def _word(view: View, name: str, value: Any) -> str:
    if nothing(value):
        return NOTHING
    family = {
        "channel": "channels",
        "record_kind": "record_kinds",
        "contact_role": "contact_roles",
        "gender": "genders",
    }.get(name)
    return view.label(str(value), family) if family else view.formats.cell(name, value)


@section("review.form", queries.QUEUE)
def _form(view: View, queue: pd.DataFrame, here: pd.DataFrame, keys: tuple[str, str]) -> Blocks:
    rank = int(here["queue_rank"].iloc[0]) if len(here) else 0
    later = queue[(queue["queue_rank"] > rank) & ~queue["is_ruled"]]
    earlier = queue[queue["queue_rank"] < rank]
    return [
        Part(
            "ruling",
            {
                "may_rule": view.who.may("rule"), "address": view.to(f"/review/{keys[0]}/{keys[1]}"), "seen": _evidence_hash(here) or "",
                "next": _address(view, later.iloc[0]) if len(later) else None,
                "previous": _address(view, earlier.iloc[-1]) if len(earlier) else None,
                "kinds": [(kind, view.label(kind, "rulings"), key) for kind, key in (("must_link", "s"), ("cannot_link", "d"))],
                "reasons": [view.label(name, "common_reasons") for name in ("same_card", "same_contact", "family", "shared_phone", "other_person")],
            },
        )
    ]  # fmt: skip


@section("review.evidence", queries.EVIDENCE)
def _evidence(view: View, left: str, right: str) -> Blocks:
    found = queries.evidence(view.shown, left, right)
    if found.empty:
        return [Note(view.t("review.no_evidence"), "empty")]
    reach = max(1.0, float(found["bits"].abs().max()))
    bars = [
        (
            view.label(str(row["comparison"]), "comparisons"),
            _finding(view, str(row["finding"])),
            float(row["bits"]),
        )
        for row in records(found)
    ]
    return [
        Part(
            "evidence",
            {"rows": [(name, finding, view.formats.signed(bits, 1), 50 * bits / reach) for name, finding, bits in bars],
             "sum": view.t("review.sum", bits=view.formats.signed(found["bits"].sum(), 1))},
        )
    ]  # fmt: skip


def _finding(view: View, finding: str) -> str:
    return view.texts.known(f"findings.{finding}", finding)


def rule(view: View) -> Outcome:
    """Take the ruling on a pair, and go on to the next."""
    left, right = view.values["left"], view.values["right"]
    kind, reason = view.sent("kind"), view.sent("reason")
    queue = queries.queue(view.shown)
    here = queue[(queue["record_key_l"] == left) & (queue["record_key_r"] == right)]
    if any(queries.record(view.shown, key).empty for key in (left, right)):
        raise Refused("unknown_record")
    evidence_hash = _evidence_hash(here)
    rulings.check_seen(view, evidence_hash or "")
    rulings.decide(view, [(kind, left, right)], because="review", reason=reason, evidence_hash=evidence_hash)
    rank = int(here["queue_rank"].iloc[0]) if len(here) else 0
    later = _with_state(view)
    later = later[(later["queue_rank"] > rank) & ~later["is_ruled"]]
    if later.empty:
        return Done("/review", "ruled")
    row = later.iloc[0]
    return Done(f"/review/{row['record_key_l']}/{row['record_key_r']}", "ruled")


def _evidence_hash(here: pd.DataFrame) -> str | None:
    """What tells the evidence of a pair from later evidence; None for a pair that is not in the queue."""
    return str(here["evidence_hash"].iloc[0]) if len(here) else None


def reveal(view: View) -> Outcome:
    """Both records' own identifiers in clear, for a reason, noted."""
    reason = view.sent("reason")
    if not reason:
        raise Refused("reason")
    keys = view.values["left"], view.values["right"]
    found = [queries.record(view.shown, key) for key in keys]
    if any(each.empty for each in found) or "records_contact" not in view.shown.contact_tables():
        raise Refused("unknown_record")
    customer_ids = sorted({str(each["customer_id"].iloc[0]) for each in found})
    audit.append(
        view.settings,
        view.who.name,
        "reveal",
        subjects=[*customer_ids, *keys],
        reason=reason[:300],
        generation=view.shown.generation,
    )
    sides = [records(queries.record_in_clear(view.shown, key))[0] for key in keys]
    shown = pd.DataFrame(
        {
            "fact": [view.label(name) for name in sides[0]],
            "record_l": [view.formats.cell(name, value) for name, value in sides[0].items()],
            "record_r": [view.formats.cell(name, value) for name, value in sides[1].items()],
        }
    )
    return Shown(
        view.t("review.clear_title"),
        [
            Note(
                view.t("customer.revealed"),
                "warning",
                href=view.to(f"/review/{keys[0]}/{keys[1]}"),
                link=view.t("review.back"),
            ),
            table(view, "clear", shown, sortable=False, is_export=False, families={"fact": "none"}),
        ],
    )


PAGE = Page("review", {"all": build}, may="people", group="customers", is_personal=True)
PAIR = Page(
    "pair", {"all": pair}, may="people", group=None, is_personal=True, address="/review/{left}/{right}"
)
