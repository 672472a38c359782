"""The tab of a customer where a steward decides: merge with another, split records off, and take rulings back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from cdp_assets.web import rulings
from cdp_assets.web.action import Done, Outcome, Refused
from cdp_assets.web.blocks import Blocks, Note, Part, records, section
from cdp_assets.web.queries import customers as queries
from cdp_assets.web.queries import review
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NEEDS = ("records", "customer_crosswalk")


def parts(view: View, row: dict[str, Any]) -> list[Any]:
    """What stands on the tab; the forms only for who may rule."""
    if not view.who.may("rule"):
        return [_rulings(view, row)]
    return [_merge(view, row), _split(view, row), _rulings(view, row)]


@section("deciding.merge", *NEEDS)
def _merge(view: View, row: dict[str, Any]) -> Blocks:
    customer_id = str(row["customer_id"])
    other = view.one("other").strip()
    blocks: list[Any] = [
        Part("other", {"other": other, "address": view.to(f"/customers/{customer_id}/decide")})
    ]
    if not other:
        return blocks
    found = review.customer_of(view.shown, other)
    if found is None or found == customer_id:
        return [
            *blocks,
            Note(view.t("deciding.merge.same" if found else "deciding.merge.unknown"), "warning"),
        ]
    both = queries.one(view.shown, customer_id), queries.one(view.shown, found)
    names = ["masked_full_name", "masked_phone", "masked_email", "birth_year", "gender", "city", "country", "channels", "record_count",
             "order_count", "net_revenue", "last_order_date"]  # fmt: skip
    facts = [records(each)[0] for each in both]
    shown = pd.DataFrame(
        {
            "fact": [view.label(name) for name in names],
            **{
                f"customer_id_{side}": [_fact(view, name, each[name]) for name in names]
                for side, each in zip("lr", facts, strict=True)
            },
        }
    )
    return [
        *blocks,
        table(view, "both", shown, sortable=False, is_export=False, families={"fact": "none"}),
        Part(
            "merge",
            {
                "address": view.to(f"/customers/{customer_id}/merge"),
                "other": found,
                "link": view.customer(found),
                "seen": _seen(view, customer_id, found),
            },
        ),
    ]


def _fact(view: View, name: str, value: Any) -> str:
    said = view.formats.cell(name, value)
    return view.texts.names(said, "channels") if name == "channels" else said


@section("deciding.split", *NEEDS)
def _split(view: View, row: dict[str, Any]) -> Blocks:
    customer_id = str(row["customer_id"])
    own = queries.records(view.shown, customer_id)
    if len(own) < 2:
        return [Note(view.t("deciding.split.single"), "empty")]
    listed = [
        {
            "record_key": str(each["record_key"]),
            "words": " · ".join(
                view.label(each[name], "channels") if name == "channel" else str(each[name])
                for name in (
                    "channel",
                    "source_customer_id",
                    "masked_full_name",
                    "masked_phone",
                    "masked_email",
                    "city",
                )
                if isinstance(each[name], str)
            ),
            "kind": view.label(str(each["record_kind"]), "record_kinds"),
        }
        for each in records(own)
    ]
    address = view.to(f"/customers/{customer_id}/split")
    return [Part("split", {"records": listed, "address": address, "seen": _seen(view, customer_id)})]


def _seen(view: View, *customer_ids: str) -> str:
    """What tells the records of some customers from what they are in another generation."""
    keys = [sorted(queries.records(view.shown, each)["record_key"]) for each in customer_ids]
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


@section("deciding.rulings")
def _rulings(view: View, row: dict[str, Any]) -> Blocks:
    customer_id = str(row["customer_id"])
    blocks: list[Any] = []
    keys = set() if view.shown.missing(NEEDS) else set(queries.records(view.shown, customer_id)["record_key"])
    waiting = [
        each
        for each in rulings.waiting(view.settings, view.shown)
        if any(left in keys or right in keys for _, left, right in each.pairs)
    ]
    if waiting:
        blocks.append(
            Part("waiting", {"waiting": waiting, "may_rule": view.who.may("rule"), "back": view.path})
        )
    made = pd.DataFrame() if view.shown.missing(["ops_rulings"]) else queries.rulings(view.shown, customer_id)
    if len(made):
        families = {"kind": "rulings", "status": "ruling_states"}
        tones = {"status": {"active": "good", "without_effect": "bad"}}
        names = ["ruled_on", "kind", "status", "ruled_by", "record_key_l", "record_key_r", "ruling_id"]
        blocks.append(
            table(view, "rulings", made, "ops_rulings", names=names, families=families, tones=tones)
        )
        if view.who.may("rule"):
            open_ones = [
                (str(each["ruling_id"]), _in_words(view, each))
                for each in records(made[made["status"] != "undone"])
            ]
            blocks.append(
                Part("undo", {"rulings": open_ones, "address": view.to(f"/customers/{customer_id}/undo")})
            )
    return blocks or [Note(view.t("deciding.rulings.none"), "empty")]


def _in_words(view: View, ruling: dict[str, Any]) -> str:
    """A ruling as a line to choose: its day, what it says, who said it, and how its id begins."""
    kind = view.label(str(ruling["kind"]), "rulings")
    return f"{view.formats.day(ruling['ruled_on'])} · {kind} · {ruling['ruled_by']} · {str(ruling['ruling_id'])[:8]}"


def merge(view: View) -> Outcome:
    """Rule that this customer and another are one: one record of each."""
    customer_id = view.values["customer_id"]
    other = review.customer_of(view.shown, view.sent("other"))
    if other is None or other == customer_id:
        raise Refused("unknown_customer")
    rulings.check_seen(view, _seen(view, customer_id, other))
    left, right = (review.first_record(view.shown, each) for each in (customer_id, other))
    rulings.decide(view, [("must_link", left, right)], because="merge", reason=view.sent("reason"))
    return Done(f"/customers/{customer_id}/decide", "ruled")


def split(view: View) -> Outcome:
    """Rule that some records are not the person of the others: each chosen one is kept apart from each that stays."""
    customer_id = view.values["customer_id"]
    rulings.check_seen(view, _seen(view, customer_id))
    own = set(queries.records(view.shown, customer_id)["record_key"])
    chosen = sorted(set(view.form.get("record", [])) & own)
    staying = sorted(own - set(chosen))
    if not chosen or not staying:
        raise Refused("split_needs_both")
    pairs = [("cannot_link", left, right) for left in chosen for right in staying]
    rulings.decide(view, pairs, because="split", reason=view.sent("reason"))
    return Done(f"/customers/{customer_id}/decide", "ruled")


def undo(view: View) -> Outcome:
    """Take a ruling back."""
    rulings.undo(view, view.sent("ruling_id"), view.sent("reason"))
    return Done(f"/customers/{view.values['customer_id']}/decide", "undone")


def withdraw(view: View) -> Outcome:
    """Take back a decision that no run has taken yet."""
    rulings.withdraw(view, view.sent("decision_id"))
    back = view.sent("back")
    return Done(
        back if back.startswith(("/customers/", "/review")) and "//" not in back else "/review", "withdrawn"
    )
