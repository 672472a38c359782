"""Audit page: who saw, searched, exported, ruled and requested what, and whether the log still holds."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets import audit
from cdp_assets.web.blocks import Blocks, Field, Note, Part, section
from cdp_assets.web.filters import filters
from cdp_assets.web.page import Page
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

ACTIONS = (
    "reveal", "search", "export", "query", "rule", "withdraw", "publish", "audience", "activate", "acknowledge", "watch", "sign_in", "sign_in_failed",
    "sign_out", "account", "request", "hand_over",
    "intersection", "erase", "rights_access", "rights_correct", "rights_restrict", "rights_object", "rights_opt-out",
    "rights_lift", "forgotten",
)  # fmt: skip

ENTRIES = 200  # of one page
LONGEST = 2000  # characters of a fact, such as a query; `onefold audit list` has it whole


@section("audit_log.entries")
def _entries(view: View) -> Blocks:
    action = view.choice("action", ["", *ACTIONS])
    options = [
        ("", view.t("audit_log.every")),
        *((name, view.label(name, "audit_actions")) for name in ACTIONS),
    ]
    before = view.whole("before", 0) or None
    found = audit.read(view.settings, action=action or None, before=before, limit=ENTRIES + 1)
    older = [
        Part("link", {"address": view.link(before=found[ENTRIES - 1].number), "words": view.t("audit_log.older"), "quiet": True})
    ] if len(found) > ENTRIES else []  # fmt: skip
    verdict = audit.verify(view.settings)
    said = (
        Note(
            view.t(
                "audit_log.holds",
                lines=view.formats.number(verdict.lines),
                forgotten=view.formats.number(verdict.forgotten),
            ),
            "done",
        )
        if not verdict.problems
        else Note(view.t("audit_log.broken", count=len(verdict.problems)), "error", code=verdict.problems[0])
    )
    rows = pd.DataFrame(
        [
            {
                "number": entry.number, "happened_at": pd.Timestamp(entry.at), "actor": entry.actor, "action": entry.action,
                "subjects": ", ".join(entry.subjects), "facts": _facts(view, entry.facts),
            }
            for entry in found[:ENTRIES]
        ],
        columns=pd.Index(["number", "happened_at", "actor", "action", "subjects", "facts"]),
    )  # fmt: skip
    return [
        filters(view, [Field("action", view.label("action"), "select", options, [action])]),
        said,
        table(view, "entries", rows, families={"action": "audit_actions"}, rows=ENTRIES, is_export=False)
        if len(rows)
        else Note(view.t("audit_log.none"), "empty"),
        *older,
    ]


def _facts(view: View, facts: dict[str, Any]) -> str:
    """What an entry holds besides who and when, by the names that other pages have for it."""
    said = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in facts.items()
        if value not in (None, "")
    }
    return "; ".join(
        f"{view.label(name, 'audit_facts')}: {value if len(value) <= LONGEST else value[:LONGEST] + ' …'}"
        for name, value in said.items()
    )


PAGE = Page(
    "audit_log", {"all": lambda view: [_entries(view)]}, may="audit", group="office", is_personal=True
)
