"""Requests page of the privacy officer: what people asked, when it is due, a new request, and one request with whom it covers and what may be done.

The page reads what rights wrote for it, and writes decisions into the inbox; the next run, or `onefold rights run`, takes them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.keys import load_key
from cdp_assets.rights import answers, inbox, receipts, requests, showing, wishes, words
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Identity
from cdp_assets.web.action import Done, Download, Outcome, Refused
from cdp_assets.web.blocks import Blocks, Note, Part, section
from cdp_assets.web.page import Page
from cdp_assets.web.periods import parsed
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

TYPES = ("email", "phone", "customer_id", "record", "loyalty_id")
LISTED = ["request", "kind", "jurisdiction", "received_on", "due_on", "is_verified", "status"]
TONES = {"status": {"completed": "good", "overdue": "bad", "in_progress": "watch"}}
LONGEST = 300  # characters of a field


def build(view: View) -> Blocks:
    """The ledger, what waits, and the form of a new request."""
    return [_list(view), _waiting(view), _new(view)]


@section("rights.list")
def _list(view: View) -> Blocks:
    shown = showing.read(view.settings)
    if not shown["requests"]:
        return [Note(view.t("rights.none"), "empty")]
    today = view.settings.business_day().isoformat()
    rows = pd.DataFrame([_row(view, each, today) for each in shown["requests"]])
    rows = rows.assign(**{name: pd.to_datetime(rows[name]) for name in ("received_on", "due_on")})
    rows = rows.sort_values(["is_open", "due_on"], ascending=[False, True], kind="stable")
    late = int((rows["status"] == "overdue").sum())
    return [
        *([Note(view.t("rights.overdue", count=late), "warning")] if late else []),
        Note(view.t("rights.as_of", at=view.formats.moment(shown["made_at"]))),
        table(
            view, "requests", rows, names=LISTED, is_export=False, tones=TONES,
            links={"request": lambda row: view.to(f"/rights/{row['request_id']}")},
            families={"kind": "request_kinds", "status": "request_states", "jurisdiction": "laws"},
        ),
    ]  # fmt: skip


def _row(view: View, request: dict[str, Any], today: str) -> dict[str, Any]:
    is_open = request["status"] in requests.OPEN
    return {
        "request": request["request_id"][:8], "request_id": request["request_id"], "kind": request["kind"],
        "jurisdiction": request["jurisdiction"], "received_on": _received_on(view, request).isoformat(), "due_on": request["due_date"],
        "is_verified": bool(request["is_verified"]), "is_open": is_open,
        "status": "overdue" if is_open and request["due_date"] < today else request["status"],
    }  # fmt: skip


def _received_on(view: View, request: dict[str, Any]) -> date:
    return view.settings.business_day(datetime.fromisoformat(str(request["received_at"])))


@section("rights.waiting")
def _waiting(view: View, request_id: str = "") -> Blocks:
    found = [
        {"words": view.label(str((each.content or {}).get("action", "unreadable")), "request_actions"),
         "about": str((each.content or {}).get("request_id") or inbox.request_id_of(each.decision_id))[:8],
         "by": str((each.content or {}).get("decided_by", "")), "at": str((each.content or {}).get("decided_at", ""))}
        for each in inbox.waiting(view.settings)
        if not request_id or (each.content or {}).get("request_id") == request_id
    ]  # fmt: skip
    return [Part("decided", {"waiting": found})] if found else [Note(view.t("rights.nothing_waits"), "empty")]


@section("rights.new")
def _new(view: View) -> Blocks:
    choices = {
        "kinds": [(each, view.label(each, "request_kinds")) for each in requests.KINDS],
        "types": [(each, view.label(each, "found_by")) for each in TYPES],
        "laws": [(each, view.label(each, "laws")) for each in requests.JURISDICTIONS],
        "purposes": [(each, view.label(each, "purposes")) for each in wishes.PURPOSES],
        "attributes": [("", "–"), *((each, view.label(each)) for each in wishes.ATTRIBUTES)],
        "languages": words.languages(),
        "today": view.settings.business_day().isoformat(),
    }
    return [Part("new_request", choices)]


def one(view: View) -> Blocks:
    """One request: its facts, whom it covers, what may be done."""
    request = _request(view)
    if request is None:
        view.status = 404
        return [
            Note(view.t("rights.unknown"), "warning", href=view.to("/rights"), link=view.t("rights.title"))
        ]
    blocks: list[Any] = [_facts(view, request), _waiting(view, request["request_id"])]
    if request["status"] in requests.OPEN:
        blocks += [_found(view, request), _do(view, request)]
    if request["answer"]:
        blocks.append(_answer(view, request))
    if request["erasure"]:
        blocks.append(_erasure(view, request))
    if receipts.path_of(view.settings, request["request_id"]).is_file():
        blocks.append(_receipt(view, request))
    return [*blocks, _events(view, request)]


def _request(view: View) -> dict[str, Any] | None:
    wanted = view.values["request_id"]
    return next(
        (each for each in showing.read(view.settings)["requests"] if each["request_id"] == wanted), None
    )


@section("rights.facts")
def _facts(view: View, request: dict[str, Any]) -> Blocks:
    said = {
        "kind": view.label(request["kind"], "request_kinds"), "status": view.label(request["status"], "request_states"),
        "jurisdiction": view.label(request["jurisdiction"], "laws"), "received_on": view.formats.day(_received_on(view, request).isoformat()),
        "due_on": view.formats.day(request["due_date"]), "is_verified": view.t(f"words.{'yes' if request['is_verified'] else 'no'}"),
        "known_by": ", ".join(view.label(each, "found_by") for each in request["identities"]),
        "purposes": ", ".join(view.label(each, "purposes") for each in request["purposes"]),
        "attribute": view.label(request["attribute"]) if request["attribute"] else "",
        "corrections": ", ".join(f"{view.label(state, 'correction_states')}: {count}" for state, count in request["corrections"].items()),
        "holds": "; ".join(f"{each['table_name']}{'.' + each['column_name'] if each['column_name'] else ''}" for each in request["holds"]),
    }  # fmt: skip
    rows = pd.DataFrame(
        [{"fact": view.label(name), "fact_value": value} for name, value in said.items() if value]
    )
    return [
        table(
            view,
            "facts",
            rows,
            sortable=False,
            is_export=False,
            families={"fact": "none", "fact_value": "none"},
        )
    ]


@section("rights.found")
def _found(view: View, request: dict[str, Any]) -> Blocks:
    found = request["found"]
    form = Part("find_request", {"address": view.to(f"/rights/{request['request_id']}/find")})
    if found is None:
        return [Note(view.t("rights.not_looked"), "empty"), form]
    if "problem" in found:
        return [Note(view.t("rights.cannot_look"), "warning", code=found["problem"]), form]
    if not found["records"]:
        is_landed = bool(found.get("stores"))
        told = Note(view.t("rights.landed_only" if is_landed else "rights.nobody"), "warning")
        return [told, *_stores(view, found), form]
    blocks: list[Any] = [
        Note(
            view.t(
                "rights.covers",
                records=found["records"],
                at=view.formats.moment(found["at"]),
                generation=found.get("generation") or "–",
            )
        ),
        *([Note(view.t("rights.counted_before"))] if found.get("seen_in") != found.get("generation") else []),
        *(
            [Note(view.t("rights.ambiguous", count=found["customers"]), "warning")]
            if found["customers"] > 1
            else []
        ),
    ]
    blocks += _stores(view, found)
    blocks += [_beside(view, request, number, each) for number, each in enumerate(found["by_score"], 1)]
    return [*blocks, form]


def _stores(view: View, found: dict[str, Any]) -> Blocks:
    """Rows of hers in each store, as they were counted."""
    if not found.get("stores"):
        return []
    rows = pd.DataFrame([{"store": name, "rows": count} for name, count in found["stores"].items()])
    return [table(view, "stores", rows, is_export=False, caption=view.t("rights.stores"))]


def _beside(view: View, request: dict[str, Any], number: int, each: dict[str, Any]) -> Part:
    """A record that only a score joins to hers, side by side with one that is hers."""
    rows = [
        {
            **line,
            "words": view.label(line["attribute"]),
            "agreement_words": view.label(line["agreement"], "agreements"),
        }
        for line in each["compared"]
    ]
    decided = request["confirmed"].get(each["record_key"])
    return Part(
        "beside",
        {"number": number, "rows": rows, "record_key": each["record_key"], "channel": each["channel"], "beside_channel": each["beside_channel"],
         "decided": decided, "may": view.who.may("carry_out"), "address": view.to(f"/rights/{request['request_id']}/confirm")},
    )  # fmt: skip


@section("rights.do")
def _do(view: View, request: dict[str, Any]) -> Blocks:
    if not view.who.may("carry_out"):
        return [Note(view.t("rights.not_an_officer"))]
    still_open = [
        each
        for each in (request["found"] or {}).get("by_score", [])
        if each["record_key"] not in request["confirmed"]
    ]
    waits = (
        request["kind"] == "erase" and request["status"] == "in_progress"
    )  # for the inbox, maybe: a word is enough
    is_ready = request["is_verified"] and (waits or request["status"] != "in_progress")
    return [
        *([Note(view.t("rights.open_records", count=len(still_open)), "warning")] if still_open else []),
        Part(
            "request_actions",
            {"base": view.to(f"/rights/{request['request_id']}"), "is_ready": is_ready and not still_open, "waits": waits, "kind": request["kind"],
             "is_verified": request["is_verified"], "may_extend": not request["is_extended"] and request["kind"] != "opt-out"
             and request["due_date"] >= view.settings.business_day().isoformat()},
        ),
    ]  # fmt: skip


@section("rights.answer")
def _answer(view: View, request: dict[str, Any]) -> Blocks:
    answer = request["answer"]
    if answer["ended_because"]:
        return [
            Note(
                view.t("rights.answer_gone", why=view.label(answer["ended_because"], "answer_ends")), "empty"
            )
        ]
    said = view.t("rights.answer_there", day=view.formats.day(str(answer["expires_at"])[:10]))
    if not view.who.may("carry_out"):
        return [Note(said)]
    address = view.to(f"/rights/{request['request_id']}/answer")
    return [Note(said), Part("fetch_answer", {"address": address, "words": view.t("rights.fetch")})]


@section("rights.receipt")
def _receipt(view: View, request: dict[str, Any]) -> Blocks:
    """The signed answer for who asked, once the request is closed."""
    address = view.to(f"/rights/{request['request_id']}/receipt")
    return [Part("fetch_answer", {"address": address, "words": view.t("rights.fetch_receipt")})]


@section("rights.erasure")
def _erasure(view: View, request: dict[str, Any]) -> Blocks:
    """The certificate in figures: what was done per store, what the scan found, what it waits for."""
    document = showing.certificate_of(view.settings, request["erasure"]["erasure_id"])
    if document is None:
        return [Note(view.t("rights.no_certificate"), "empty")]
    scan = document["scan"]
    state = "done" if document["status"] == "final" else "warning"
    rows = pd.DataFrame(
        [{"store": name, "removed": _rows_of(done.get("removed")), "blanked": _rows_of(done.get("blanked"))}
         for name, done in document["stores"].items() if done.get("removed") or done.get("blanked")],
        columns=pd.Index(["store", "removed", "blanked"]),
    )  # fmt: skip
    held = document.get("kept_on_hold", [])
    return [
        Note(view.t(f"rights.certificate_{document['status']}"), state, code=document["erasure_id"]),
        Note(view.t("rights.scanned", cells=view.formats.number(scan["cells"]), files=view.formats.number(scan["files"]), found=len(scan["found"]))),
        table(view, "certificate", rows, is_export=False, sortable=False, caption=view.t("rights.by_store"), families={"store": "erasure_steps"}),
        *[Note(view.t("rights.held"), code=f"{each['table_name']}.{each['column_name'] or '*'}: {each['reason']}") for each in held],
        *[Note(view.t("rights.waits"), "warning", code=each) for each in document["waiting"]],
        Note(view.t("rights.root", files=document["root"]["files"]), code=document["root"]["hash"]),
    ]  # fmt: skip


def _rows_of(counts: Any) -> int:
    return sum(int(each) for each in counts.values()) if isinstance(counts, dict) else 0


@section("rights.events")
def _events(view: View, request: dict[str, Any]) -> Blocks:
    rows = pd.DataFrame(
        [{"happened_at": pd.Timestamp(at, tz="UTC"), "happened": what, "actor": who, "detail": detail or ""} for at, what, who, detail in request["events"]],
        columns=pd.Index(["happened_at", "happened", "actor", "detail"]),
    )  # fmt: skip
    return [
        table(view, "events", rows, is_export=False, sortable=False, families={"happened": "request_events"})
    ]


# ---------- forms


def take(view: View) -> Outcome:
    """A new request: who is meant is hashed here, and nowhere written in clear."""
    kind, jurisdiction = view.sent("kind"), view.sent("jurisdiction")
    received = parsed(view.sent("received"))
    is_known = kind in requests.KINDS and jurisdiction in requests.JURISDICTIONS
    if not is_known or received is None or received > view.settings.business_day():
        raise Refused("request")
    wish, holds = _wish(view, kind), [view.sent("hold")] if view.sent("hold") and kind == "erase" else []
    try:
        wishes.check(kind, wish)
        for each in holds:
            requests.read_hold(each)
    except RequestProblem as problem:
        raise Refused("request_problem", problem=str(problem).partition("\n")[0]) from None
    identities = _identities(view)
    if not identities:
        raise Refused("identity")
    decision = inbox.decide(
        view.settings, "take", decided_by=view.who.name, kind=kind, jurisdiction=jurisdiction, received=received.isoformat(),
        identities=identities, verified=view.sent("verified")[:LONGEST] or None, holds=holds,
        wish={name: getattr(wish, name) for name in ("purposes", "language", "attribute", "right_value", "wrong_pseudonym")},
    )  # fmt: skip
    audit.append(view.settings, view.who.name, "request", request_id=inbox.request_id_of(decision), kind=kind)
    return Done("/rights", "request_taken")


def _identities(view: View) -> list[tuple[str, str]]:
    """(type, keyed hash) of whom the form names. Raises Refused where anything that is given cannot be read: left out, nobody would look for her by it."""
    key, region = load_key(view.settings), view.sent("region").upper() or None
    given = [Identity(view.sent(f"type{each}"), view.sent(f"value{each}")[:LONGEST]) for each in ("1", "2")]
    found = [requests.hashes_of(key, each, region) for each in given if each.value]
    if not all(found):
        raise Refused("identity")
    return [pair for pairs in found for pair in pairs]


def _wish(view: View, kind: str) -> wishes.Wish:
    """What the form says beside it, as far as it belongs to the kind; the wrong value as a keyed hash."""
    if kind in (*wishes.REFUSED, "lift"):
        return wishes.Wish(tuple(view.form.get("purpose", [])))
    if kind == "access":
        return wishes.Wish(language=view.sent("language") or None)
    if kind != "correct":
        return wishes.Wish()
    attribute, wrong = view.sent("attribute"), view.sent("wrong_value")[:LONGEST]
    hashed = wishes.wrong_value_of(load_key(view.settings), attribute, wrong) if wrong else None
    return wishes.Wish(attribute=attribute, right_value=view.sent("right_value"), wrong_pseudonym=hashed)


def find(view: View) -> Outcome:
    """Look for the person, with the next start."""
    return _decided(view, "find")


def confirm(view: View) -> Outcome:
    """The officer's word on a record that only a score joins."""
    request, record, word = _open_request(view), view.sent("record_key"), view.sent("is_hers")
    known = {each["record_key"] for each in (request["found"] or {}).get("by_score", [])}
    if record not in known or word not in ("yes", "no"):
        raise Refused("nothing_chosen")
    return _decided(view, "confirm", record_key=record, is_hers=word == "yes")


def change(view: View) -> Outcome:
    """Verify, extend, refuse or cancel, with the reason."""
    to, because = view.sent("to"), view.sent("because")[:LONGEST]
    if to not in ("verified", "extend", *inbox.CHANGES):
        raise Refused("nothing_chosen")
    if not because:
        raise Refused("reason")
    return _decided(view, "change", to=to, because=because)


def run(view: View) -> Outcome:
    """Carry the request out, with the next start."""
    request = _open_request(view)
    if not request["is_verified"]:
        raise Refused("not_verified")
    return _decided(view, "run", rewrite_inbox=view.sent("rewrite_inbox") == "yes")


def answer(view: View) -> Outcome:
    """The answer to a request of access, as a file; noted."""
    request = _request(view)
    if request is None or not request["answer"]:
        raise Refused("no_answer")
    try:
        name, content = answers.content_of(view.settings, request["answer"])
    except RequestProblem:
        raise Refused("no_answer") from None
    audit.append(view.settings, view.who.name, "hand_over", request_id=request["request_id"])
    inbox.decide(view.settings, "fetched", decided_by=view.who.name, request_id=request["request_id"])
    return Download(name, "application/zip", content)


def receipt(view: View) -> Outcome:
    """The signed receipt of a closed request, as a file. It names nobody."""
    request = _request(view)
    path = receipts.path_of(view.settings, request["request_id"]) if request else None
    if path is None or not path.is_file():
        raise Refused("request_closed")
    return Download(f"receipt-{path.name}", "application/json", path.read_bytes())


def _open_request(view: View) -> dict[str, Any]:
    request = _request(view)
    if request is None or request["status"] not in requests.OPEN:
        raise Refused("request_closed")
    return request


def _decided(view: View, action: str, **facts: Any) -> Done:
    request_id = _open_request(view)["request_id"]
    inbox.decide(view.settings, action, decided_by=view.who.name, request_id=request_id, **facts)
    audit.append(view.settings, view.who.name, "request", request_id=request_id, what=action)
    return Done(f"/rights/{request_id}", "request_decided")


PAGE = Page("rights", {"all": build}, may="requests", group="office", is_personal=True)
REQUEST = Page(
    "request", {"all": one}, may="requests", group=None, is_personal=True, address="/rights/{request_id}"
)
