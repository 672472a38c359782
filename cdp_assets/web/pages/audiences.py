"""Audience pages: the list, and one audience with its lines, its waterfall, whom it means, and saving it for the next run."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.activation import saved
from cdp_assets.activation.audience import NAME, Audience, read_audience
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.library import Library, load_library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.web import audience_form as form
from cdp_assets.web import charts
from cdp_assets.web.action import Done, Outcome, Refused
from cdp_assets.web.blocks import Blocks, Note, Part, section
from cdp_assets.web.page import Page
from cdp_assets.web.queries import audiences as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NEEDS = ("customers", "contacts", "contact_permissions", "dates")
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
NEW = "new"


def listing(view: View) -> Blocks:
    """Every audience that the home knows, and the way to a new one."""
    return [
        Part("link", {"address": view.to(f"/audiences/{NEW}", edit=1), "words": view.t("audiences.new")}),
        _list(view),
    ]


@section("audiences.list", *NEEDS)
def _list(view: View) -> Blocks:
    library = load_library(view.settings)
    waiting = {each.name for each in saved.waiting(view.settings)}
    rows = [_row(view, library, name) for name in sorted({*library.sources, *waiting})]
    if not rows:
        return [Note(view.t("audiences.none"), "empty")]
    links = {"audience": lambda row: view.to(f"/audiences/{row['audience']}")}
    return [
        table(
            view,
            "audiences",
            pd.DataFrame(rows),
            links=links,
            families={"origin": "origins"},
            is_export=False,
        )
    ]


def _row(view: View, library: Library, name: str) -> dict[str, Any]:
    """One audience as the list has it; one that only waits, or cannot be read, has no more than a name."""
    known = library.audiences.get(name)
    row: dict[str, Any] = {
        "audience": name,
        "audience_title": view.t("audiences.unreadable" if name in library.problems else "audiences.waits"),
        "purpose": None,
        "members": None,
        "destinations": None,
        "origin": library.sources[name].origin if name in library.sources else "waiting",
        "in_force": name in library.in_force(),
    }
    if known is None:
        return row
    said = {
        "audience_title": known.title,
        "purpose": known.purpose,
        "destinations": ", ".join(known.destinations),
    }
    return {**row, **said, "members": _members(view, library, name)}


def _members(view: View, library: Library, name: str) -> int | None:
    try:
        return queries.size(view.settings, view.shown, library, name)
    except ActivationProblem:
        return None


def one(view: View) -> Blocks:
    """One audience: as it stands, or as the form in the address changes it."""
    missing = view.shown.missing(NEEDS)
    name = view.values["audience"]
    library = load_library(view.settings)
    if missing:
        text = view.t("frame.missing_marts", generation=view.shown.generation, marts=", ".join(missing))
        return [Note(text, "empty")]
    if name != NEW and name not in library.sources and not saved.versions(view.settings, name):
        view.status = 404
        return [Note(view.t("audiences.unknown"), "warning")]
    document, problem = _document(view, library, name)
    named = [] if name == NEW else [Note("", code=name)]
    blocks: list[Any] = [*named, _builder(view, library, name)]
    if problem is not None:
        return [*blocks, problem]
    if document is None:
        return [*blocks, Note(view.t("audiences.begin"), "empty"), *_history(view, name)]
    return [*blocks, *_looked(view, library, name, document), *_history(view, name)]


def _document(view: View, library: Library, name: str) -> tuple[dict[str, Any] | None, Note | None]:
    """What the address describes, else the audience as it stands; and what is wrong with it."""
    if not view.one("edit"):
        if name in library.problems:
            return None, _problem(view, library.problems[name])
        known = library.audiences.get(name)
        if known is None:
            found = saved.versions(view.settings, name)
            return (dict(found[0].document) if found else None), None
        return known.model_dump(mode="json", by_alias=True, exclude_unset=True), None
    try:
        return _described(view), None
    except form.FormProblem as problem:
        return None, Note(view.t("audiences.line_problem", number=problem.number), "error")


def _lines(view: View) -> list[form.Line]:
    found = [
        form.Line(view.one(f"w{n}"), view.one(f"h{n}", "in"), view.one(f"v{n}")[:2000], view.one(f"d{n}")[:5])
        for n in range(form.LINES)
    ]
    return [line for line in found if line.what]


def _described(view: View) -> dict[str, Any] | None:
    """The document of the form in the address; None where it has no line yet."""
    lines = _lines(view)
    if not lines:
        return None
    document: dict[str, Any] = {
        "title": view.one("title")[:120] or view.t("audiences.untitled"),
        "purpose": view.choice("purpose", list(PURPOSES)),
        "destinations": view.many("to"),
        "who": form.who_of(lines, queries.columns(view.settings, view.shown)),
    }
    if view.whole("top", 0):
        document["top"] = view.whole("top", 0)
    order = view.choice("order", ["", *ORDERS])
    if order:
        family, _, column = order.partition(".")
        is_up = view.choice("direction", ["descending", "ascending"]) == "ascending"
        document["order_by"] = {family: column, **({"direction": "ascending"} if is_up else {})}
    if view.many("without"):
        document["suppress"] = view.many("without")
    if view.whole("holdout", 0):
        document["holdout"] = {"share": min(view.whole("holdout", 0), 90) / 100}
    return document


def _builder(view: View, library: Library, name: str) -> Any:
    """The form, filled from the address or from the audience as it stands."""
    known = library.audiences.get(name)
    lines = _lines(view) if view.one("edit") else (form.lines_of(known) if known else [])
    if lines is None:
        return Note(view.t("audiences.by_hand"))
    state = _state(view, known)
    groups = form.subjects(queries.columns(view.settings, view.shown))
    options = [
        (view.label(group, "subject_groups"), [(each, _subject(view, each)) for each in names]) for group, names in groups.items()
    ]  # fmt: skip
    shown = [*lines, form.Line("")][: form.LINES]
    return Part(
        "audience",
        {
            "address": view.to(f"/audiences/{name}"), "lines": shown, "subjects": options, "state": state,
            "hows": [(how, view.label(how, "hows")) for how in (*form.COMPARED, *form.DONE)],
            "purposes": [(each, view.label(each, "purposes")) for each in PURPOSES],
            "destinations": sorted(load_destinations(view.settings).known),
            "others": sorted(set(library.audiences) - {name}),
            "orders": [("", view.t("audiences.no_order")), *((each, _subject(view, each)) for each in ORDERS)],
            "known": _known_values(view), "more": len(lines) < form.LINES,
        },
    )  # fmt: skip


def _state(view: View, known: Audience | None) -> dict[str, Any]:
    if view.one("edit") or known is None:
        return {
            "title": view.one("title"), "purpose": view.one("purpose", "marketing"), "to": view.many("to"), "top": view.one("top"),
            "order": view.one("order"), "direction": view.one("direction", "descending"), "without": view.many("without"),
            "holdout": view.one("holdout"),
        }  # fmt: skip
    order = ".".join(known.order_by.column) if known.order_by else ""
    return {
        "title": known.title, "purpose": known.purpose, "to": known.destinations, "top": known.top or "", "order": order,
        "direction": known.order_by.direction if known.order_by else "descending", "without": known.suppress,
        "holdout": round(100 * known.holdout.share) if known.holdout else "",
    }  # fmt: skip


def _subject(view: View, what: str) -> str:
    subject, _, name = what.partition(".")
    if subject in {"purchases", "touches", "birthday", "audience"}:
        return view.label(what.replace(".", "_"), "subjects")
    return view.label(name)


def _known_values(view: View) -> list[str]:
    """Values that lines can take, for the form to suggest: segments, stages, categories, stores, channels."""
    asked = {
        "customer_rfm": "segment",
        "customer_lifecycle": "stage",
        "products": "category",
        "stores": "store_id",
        "orders": "channel",
    }
    found: list[str] = []
    for mart, column in asked.items():
        if not view.shown.missing([mart]):
            rows = view.shown.ask(
                f"select distinct {column} as v from {mart} where {column} is not null order by 1 limit 200"
            )
            found += [str(each) for each in rows["v"]]
    return list(dict.fromkeys(found))


def _looked(view: View, library: Library, name: str, document: dict[str, Any]) -> list[Any]:
    shown_as = name if re.fullmatch(NAME, name) and name != NEW else "new_audience"
    try:
        with_it = (
            library.with_audience(shown_as, read_audience(document, shown_as))
            if "who" in document
            else library
        )
        found = queries.look(
            view.settings, view.shown, with_it, shown_as, with_overlap=bool(view.one("overlap"))
        )
    except ActivationProblem as problem:
        return [_problem(view, problem)]
    saving = Part(
        "save_audience",
        {"address": view.to(f"/audiences/{name}/save"), "name": "" if name == NEW else name, "is_new": name == NEW,
         "document": json.dumps(document, ensure_ascii=False)},
    )  # fmt: skip
    can_save = view.one("edit") and "who" in document
    return [
        _waterfall(view, found, document),
        *([saving] if can_save else []),
        _sample(view, found),
        _shared(view, found),
    ]


def _problem(view: View, problem: ActivationProblem) -> Note:
    return Note(view.t("audiences.problem"), "error", code=str(problem))


@section("audiences.waterfall")
def _waterfall(view: View, found: queries.Looked, document: dict[str, Any]) -> Blocks:
    rows = pd.DataFrame(
        {
            "step": [_step(view, each.name) for each in found.steps],
            "left_out": [each.left_out for each in found.steps],
            "left": [each.left for each in found.steps],
        }
    )
    chart = charts.bars(view, rows[["step", "left"]], "step", "left", order=list(rows["step"]))
    said = view.t(
        "audiences.members",
        members=view.formats.number(found.members),
        purpose=view.label(str(document["purpose"]), "purposes"),
    )
    return [
        Note(said),
        charts.picture(view, "audience", view.t("audiences.waterfall.title"), chart),
        table(view, "waterfall", rows, sortable=False),
    ]  # fmt: skip


def _step(view: View, name: str) -> str:
    """A step in words; a rule by its number."""
    rule = re.match(r"who\.all\[(\d+)\]|who\.", name)
    if rule:
        return view.t("audiences.rule", number=rule[1] or 1)
    return view.label(name, "audience_steps")


@section("audiences.sample")
def _sample(view: View, found: queries.Looked) -> Blocks:
    if not found.sample:
        return [Note(view.t("audiences.nobody"), "empty")]
    rows = pd.DataFrame(found.sample).dropna(axis="columns", how="all")
    if "sort_value" in rows and pd.to_numeric(rows["sort_value"], errors="coerce").notna().all():
        rows["sort_value"] = pd.to_numeric(rows["sort_value"])
    names = [
        name
        for name in (
            "place",
            "customer_id",
            "masked_full_name",
            "masked_email",
            "masked_phone",
            "country",
            "city",
            "sort_value",
        )
        if name in rows
    ]
    return [
        table(view, "sample", rows, "customers", names=names, links=view.customer_links("customer_id"), sortable=False, is_export=False)
    ]  # fmt: skip


@section("audiences.shared")
def _shared(view: View, found: queries.Looked) -> Blocks:
    if found.shared is None:
        return [
            Part(
                "link", {"address": view.link(overlap=1), "words": view.t("audiences.compare"), "quiet": True}
            )
        ]
    if not found.shared:
        return [Note(view.t("audiences.none"), "empty")]
    rows = pd.DataFrame(found.shared)
    links = {"audience": lambda row: view.to(f"/audiences/{row['audience']}")}
    return [table(view, "shared", rows, links=links, shares=["share"], is_export=False)]


def _history(view: View, name: str) -> list[Any]:
    found = saved.versions(view.settings, name)
    if not found:
        return []
    rows = pd.DataFrame(
        {
            "version_id": [each.version_id for each in found],
            "decided_at": [view.formats.moment(each.decided_at) for each in found],
            "decided_by": [each.decided_by for each in found],
            "state": ["waiting" if each.is_waiting else "taken" for each in found],
            "audience_title": [str(each.document.get("title", "")) for each in found],
        }
    )
    return [
        table(
            view, "versions", rows, families={"state": "version_states"}, tones={"state": {"waiting": "watch", "taken": "good"}},
            sortable=False, is_export=False, caption=view.t("audiences.versions"),
        )
    ]  # fmt: skip


def save(view: View) -> Outcome:
    """Write this version of the audience into the inbox that the next run reads."""
    name = view.sent("name") if view.values["audience"] == NEW else view.values["audience"]
    try:
        document = json.loads(view.sent("document"))
        version = saved.save(view.settings, name, document, decided_by=view.who.name)
    except ActivationProblem as problem:
        raise Refused("audience", problem=str(problem)) from None
    except (ValueError, TypeError):
        raise Refused("audience", problem="") from None
    audit.append(view.settings, view.who.name, "audience", name=name, version=version)
    return Done(f"/audiences/{name}", "audience_saved")


class OnePage(Page):
    """Its address names the audience."""

    @property
    def path(self) -> str:
        return "/audiences/{audience}"


PAGE = Page("audiences", {"all": listing}, may="audiences", is_personal=True)
ONE = OnePage("audience", {"all": one}, may="audiences", group=None, is_personal=True)
