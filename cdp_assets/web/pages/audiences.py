"""Audience pages: the list, and one audience with its lines, its waterfall, whom it means, and saving it for the next run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from starlette.datastructures import QueryParams

from cdp_assets import audit
from cdp_assets.activation import saved
from cdp_assets.activation.audience import FAMILIES, NAME, Audience, Rule, read_audience
from cdp_assets.activation.destination import Destinations, load_destinations
from cdp_assets.activation.library import Library, load_library
from cdp_assets.activation.pressure import is_cap_idle
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.web import audience_form as form
from cdp_assets.web import audience_state as state
from cdp_assets.web.action import Done, Outcome, Refused
from cdp_assets.web.blocks import Blocks, Note, Part, Region, missing_marts, section
from cdp_assets.web.page import Page
from cdp_assets.web.queries import audiences as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View
from cdp_assets.web.visible import hidden

NEEDS = ("customers", "contacts", "contact_permissions", "dates")
NEW = "new"
LISTED = ["audience_title", "purpose", "members", "destinations", "origin", "in_force"]
ASIDE = (
    "holdout",
    "experiment",
    "cap",
    "cap_days",
    "priority",
    "valid_from",
    "valid_to",
    "without",
)  # fields under "more"
BLANK_LINES, LONGEST_SAID = 2, 60


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
    destinations = load_destinations(view.settings)
    problems: list[str] = []
    rows = [
        _row(view, library, destinations, name, problems) for name in sorted({*library.sources, *waiting})
    ]
    if not rows:
        return [Note(view.t("audiences.none"), "empty")]
    links = {"audience_title": lambda row: view.to(f"/audiences/{row['audience']}")}
    return [
        *(Note(view.t("audiences.not_counted"), "error", code=each) for each in dict.fromkeys(problems)),
        table(
            view, "audiences", pd.DataFrame(rows), names=LISTED, links=links, families={"origin": "origins"}, is_export=False,
        )
    ]  # fmt: skip


def _row(
    view: View, library: Library, destinations: Destinations, name: str, problems: list[str]
) -> dict[str, Any]:
    """One audience as the list has it; one that only waits, or cannot be read, has no more than a name. problems: gets why it is not counted."""
    known = library.audiences.get(name)
    state = view.t("audiences.unreadable" if name in library.problems else "audiences.waits")
    row: dict[str, Any] = {
        "audience": name,
        "audience_title": f"{name} ({state})",
        "purpose": None,
        "members": None,
        "destinations": None,
        "origin": library.sources[name].origin if name in library.sources else "waiting",
        "in_force": name in library.in_force(),
    }
    if known is None:
        return row
    said = {
        "audience_title": audience_words(view, library, name),
        "purpose": known.purpose,
        "destinations": ", ".join(
            _destination_words(view, destinations, each) for each in known.destinations
        ),
    }
    try:
        members = queries.size(view.settings, view.shown, library, name)
    except ActivationProblem as problem:
        problems.append(str(problem))
        return {**row, **said}
    return {**row, **said, "members": members}


def audience_words(view: View, library: Library, name: str) -> str:
    """An audience by its title; those that come with Onefold have one in each language."""
    known = library.audiences.get(name)
    if known is None:
        return name
    is_shipped = library.sources[name].origin == "shipped" if name in library.sources else False
    return view.texts.known(f"audience_templates.{name}", known.title) if is_shipped else known.title


def _destination_words(view: View, destinations: Destinations, name: str) -> str:
    """A destination by its title; those that anybody's tool may be have one in each language."""
    known = destinations.known.get(name)
    return view.texts.known(f"destinations.{name}", known.title if known else name)


def one(view: View) -> Blocks:
    """One audience: as it stands, or as the form in the address changes it."""
    if missing := missing_marts(view, NEEDS):
        return missing
    name = view.values["audience"]
    library = load_library(view.settings)
    if name != NEW and name not in library.sources and not saved.versions(view.settings, name):
        view.status = 404
        return [Note(view.t("audiences.unknown"), "warning")]
    document, problem = _document(view, library, name)
    if name == NEW:
        view.heading = view.t("audiences.new")
    else:
        view.heading = audience_words(view, library, name)
        view.head.append(Note(view.t("audiences.kept_as"), code=name))
    counted: list[Any] = [problem] if problem is not None else [Note(view.t("audiences.begin"), "empty")]
    if document is not None:
        counted = _looked(view, library, name, document)
    return [
        *_waiting(view, library, name),
        _builder(view, library, name),
        Region("counted", counted),
        *_history(view, name),
    ]


def _waiting(view: View, library: Library, name: str) -> list[Note]:
    """That a version waits for the next run, where the page shows the one in force."""
    is_in_force = name in library.audiences and not view.one("edit")
    found = saved.versions(view.settings, name) if is_in_force else []
    if not found or not found[0].is_waiting:
        return []
    said = view.t(
        "audiences.version_waits", who=found[0].decided_by, at=view.formats.moment(found[0].decided_at)
    )
    return [
        Note(
            said,
            "warning",
            href=_address_of(view, name, found[0].document),
            link=view.t("audiences.open_version"),
        )
    ]


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
        columns = queries.columns(view.settings, view.shown)
        return state.document_in(view.query, columns, view.t("audiences.untitled")), None
    except form.FormProblem as problem:
        return None, Note(view.t("audiences.line_problem", number=problem.number), "error")


def _builder(view: View, library: Library, name: str) -> Any:
    """The form, filled from the address or from the audience as it stands."""
    known = library.audiences.get(name)
    filled = view.query
    if not view.one("edit") and known is not None:
        pairs = state.pairs_of(known)
        if pairs is None:
            return Note(view.t("audiences.by_hand"))
        filled = QueryParams(pairs)
    lines = state.lines_in(filled)
    groups = form.subjects(queries.columns(view.settings, view.shown))
    options = [
        (view.label(group, "subject_groups"), [(each, subject_words(view, each)) for each in names]) for group, names in groups.items()
    ]  # fmt: skip
    blank = [form.Line("", level=lines[-1].level if lines else 0)] * BLANK_LINES
    orders = list(dict.fromkeys([*state.ORDERS, *filter(None, [filled.get("order")])]))
    return Part(
        "audience",
        {
            "address": view.to(f"/audiences/{name}"), "lines": [*lines, *blank][: form.LINES], "subjects": options, "state": filled,
            "levels": [(level, view.label(f"level_{level}", "levels")) for level in range(form.LEVELS)],
            "hows": [(how, view.label(how, "hows")) for how in (*form.COMPARED, *form.DONE)],
            "purposes": [(each, view.label(each, "purposes")) for each in state.PURPOSES],
            "destinations": _choices_of_destinations(view),
            "others": [(each, audience_words(view, library, each)) for each in sorted(set(library.audiences) - {name})],
            "is_more_open": any(filled.get(each) for each in ASIDE),
            "orders": [("", view.t("audiences.no_order")), *((each, subject_words(view, each)) for each in orders)],
            "known": _known_values(view), "templates": _templates(view, library) if name == NEW else [],
        },
    )  # fmt: skip


def _choices_of_destinations(view: View) -> list[tuple[str, str]]:
    """(name, title) of the destinations that take lists of people."""
    destinations = load_destinations(view.settings)
    found = [name for name, each in destinations.known.items() if each.kind != "conversion"]
    return sorted(
        ((name, _destination_words(view, destinations, name)) for name in found),
        key=lambda each: each[1].lower(),
    )


def _templates(view: View, library: Library) -> list[tuple[str, str]]:
    """(address, words) of the examples that come with Onefold, to begin a new audience from."""
    found = []
    for name, source in sorted(library.sources.items()):
        known = library.audiences.get(name)
        pairs = state.pairs_of(known) if known is not None and source.origin == "shipped" else None
        if pairs is not None:
            words = view.label(name, "audience_templates")
            kept = [(key, words if key == "title" else value) for key, value in pairs if key != "description"]
            found.append((view.to(f"/audiences/{NEW}") + "?" + urlencode(kept), words))
    return found


def subject_words(view: View, what: str) -> str:
    """What a line is about, in words."""
    subject, _, name = what.partition(".")
    if subject in {"purchases", "touches", "birthday", "audience", "group"}:
        return view.label(what.replace(".", "_"), "subjects")
    return view.label(name)


def rule_words(view: View, rule: Rule, library: Library) -> str:
    """A rule of the waterfall in words, short."""
    try:
        lines = form.lines_of_rule(rule)
    except ValueError:
        return str(rule.kind)
    margin = [line for line in lines if line.level == 0]
    said = "; ".join(_line_words(view, line, library) for line in margin)
    inner = len(lines) - len(margin)
    return f"{said} ({view.t('audiences.lines_within', number=inner)})" if inner else said


def _line_words(view: View, line: form.Line, library: Library) -> str:
    is_column = line.what.partition(".")[0] in FAMILIES
    how = view.label(line.how, "hows") if is_column else ""
    value = audience_words(view, library, line.value) if line.what == "audience" else line.value
    days = view.t("audiences.of_days", number=line.days) if line.days else ""
    said = " ".join(part for part in (subject_words(view, line.what), how, _shortened(value), days) if part)
    return view.t("audiences.not", said=said) if line.how == "no" and not is_column else said


def _shortened(text: str, longest: int = LONGEST_SAID) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


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
        audience = read_audience(document, shown_as)
        as_it_stands = not view.one("edit") and name in library.audiences
        with_it = library if as_it_stands else library.with_audience(shown_as, audience)
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
    return [
        _waterfall(view, found, audience, with_it),
        *([saving] if view.one("edit") else []),
        _sample(view, found, audience),
        _shared(view, found, with_it),
    ]


def _problem(view: View, problem: ActivationProblem) -> Note:
    return Note(view.t("audiences.problem"), "error", code=str(problem))


@section("audiences.waterfall")
def _waterfall(view: View, found: queries.Looked, audience: Audience, library: Library) -> Blocks:
    rules = dict(audience.top_rules())
    numbers = {place: number for number, place in enumerate(rules, start=1)}
    words = {place: f"{numbers[place]}. {rule_words(view, rule, library)}" for place, rule in rules.items()}
    rows = pd.DataFrame(
        {
            "step": [words.get(each.name) or view.label(each.name, "audience_steps") for each in found.steps],
            "left_out": [each.left_out for each in found.steps],
            "left": [each.left for each in found.steps],
            "left_share": [each.left / max(found.steps[0].left, 1) for each in found.steps],
        }
    )
    said = view.t(
        "audiences.members",
        members=view.formats.number(found.members),
        purpose=view.label(audience.purpose, "purposes"),
    )
    return [
        Note(said),
        *_unknown(view, found),
        table(view, "waterfall", rows, sortable=False, meters=["left_share"]),
        *_places(view, found, audience),
    ]


def _places(view: View, found: queries.Looked, audience: Audience) -> list[Any]:
    """Per destination whether vectors prove its form and its smallest list is reached; and that a cap on messages has nothing to cap."""
    if not audience.destinations:
        return []
    destinations = load_destinations(view.settings)
    rows = [_place(view, found.members, destinations, name) for name in dict.fromkeys(audience.destinations)]
    cap = [Note(view.t("audiences.cap_idle"), "warning")] if is_cap_idle(destinations, audience) else []
    return [
        *cap,
        table(
            view, "places", pd.DataFrame(rows), sortable=False, is_export=False, caption=view.t("audiences.places"),
            families={"state": "place_states", "form": "forms"}, tones={"state": {"held": "watch", "nowhere": "bad"}},
        ),
    ]  # fmt: skip


def _place(view: View, members: int, destinations: Destinations, name: str) -> dict[str, Any]:
    known = destinations.known.get(name)
    floor = known.smallest_list if known else None
    state = "nowhere" if known is None else "held" if members < (floor or 0) else "goes"
    return {
        "destination": _destination_words(view, destinations, name),
        "form": None if known is None else "proven" if known.is_verified else "unverified",
        "smallest_list": view.formats.number(floor) if floor else None,
        "state": state,
    }


def _unknown(view: View, found: queries.Looked) -> list[Note]:
    """Values of the rules that occur nowhere: a misspelt segment means nobody, and under `not` everybody."""
    return [
        Note(view.t("audiences.occurs_nowhere", column=view.label(each.column)), "warning", code=each.value)
        for each in found.unknown
    ]


@section("audiences.sample")
def _sample(view: View, found: queries.Looked, audience: Audience) -> Blocks:
    if not found.sample:
        return [Note(view.t("audiences.nobody"), "empty")]
    rows = pd.DataFrame(found.sample).dropna(axis="columns", how="all")
    if _is_order_hidden(view, audience):
        rows = rows.drop(columns="sort_value", errors="ignore")
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


def _is_order_hidden(view: View, audience: Audience) -> bool:
    """Whether the audience is ordered by a column that the person does not see: its values are not shown under another name."""
    if audience.order_by is None:
        return False
    family, column = audience.order_by.column
    return column in hidden(view.settings, view.shown, view.who.columns, (FAMILIES[family],))


@section("audiences.shared")
def _shared(view: View, found: queries.Looked, library: Library) -> Blocks:
    if found.shared is None:
        return [
            Part(
                "link", {"address": view.link(overlap=1), "words": view.t("audiences.compare"), "quiet": True}
            )
        ]
    if not found.shared:
        return [Note(view.t("audiences.none"), "empty")]
    rows = pd.DataFrame(found.shared)
    rows["audience_title"] = [audience_words(view, library, each) for each in rows["audience"]]
    names = ["audience_title", *(each for each in rows.columns if not each.startswith("audience"))]
    links = {"audience_title": lambda row: view.to(f"/audiences/{row['audience']}")}
    return [table(view, "shared", rows, names=names, links=links, shares=["share"], is_export=False)]


def _history(view: View, name: str) -> list[Any]:
    found = saved.versions(view.settings, name)
    if not found:
        return []
    rows = pd.DataFrame(
        {
            "version_id": [each.version_id for each in found],
            "address": [_address_of(view, name, each.document) for each in found],
            "decided_at": [view.formats.moment(each.decided_at) for each in found],
            "decided_by": [each.decided_by for each in found],
            "state": ["waiting" if each.is_waiting else "taken" for each in found],
            "audience_title": [str(each.document.get("title", "")) for each in found],
        }
    )
    return [
        table(
            view, "versions", rows, names=[each for each in rows.columns if each != "address"],
            links={"version_id": lambda row: row["address"]}, families={"state": "version_states"}, tones={"state": {"waiting": "watch", "taken": "good"}},
            sortable=False, is_export=False, caption=view.t("audiences.versions"),
        )
    ]  # fmt: skip


def _address_of(view: View, name: str, document: Mapping[str, Any]) -> str | None:
    """The page with a version in its form; None for one that lines cannot say."""
    try:
        pairs = state.pairs_of(read_audience(document, name))
    except ActivationProblem:
        return None
    return view.to(f"/audiences/{name}") + "?" + urlencode(pairs) if pairs else None


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


PAGE = Page("audiences", {"all": listing}, may="audiences", is_personal=True)
ONE = Page(
    "audience", {"all": one}, may="audiences", group=None, is_personal=True, address="/audiences/{audience}"
)
