"""The review queue: two records side by side with the evidence, and the form that takes a steward's ruling."""

from __future__ import annotations

import getpass
from typing import Any

import pandas as pd
import streamlit as st

from cdp_assets.pages.formats import NOTHING, day, money, number, share, show_table
from cdp_assets.pages.frame import empty, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import identity as queries
from cdp_assets.pages.reveal import log_reveal
from cdp_assets.pages.rulings_inbox import KINDS, Ruling, RulingRefused, append_ruling, waiting_rulings
from cdp_assets.pages.texts import label, t
from cdp_assets.settings import Settings

LISTED = (
    "queue_rank",
    "kind",
    "match_probability",
    "records_affected",
    "revenue_affected",
    "customer_id_l",
    "customer_id_r",
)


@section("identity.queue", queries.QUEUE, "customer_crosswalk", "customers")
def draw_queue(shown: Published, settings: Settings) -> None:
    """The pairs that wait, and below the one that is picked."""
    found = queries.review_queue(shown)
    if found.empty:
        empty("identity.queue.none")
        return
    ruled = {_pair(line["record_key_l"], line["record_key_r"]) for line in waiting_rulings(settings)}
    is_ruled = [
        _pair(left, right) in ruled
        for left, right in zip(found["record_key_l"], found["record_key_r"], strict=True)
    ]
    listed = found[list(LISTED)].assign(
        kind=[label(kind, "review_kinds") for kind in found["kind"]], is_ruled=is_ruled
    )
    chosen = show_table(listed, shown, queries.QUEUE, key="review_queue", height=280, selectable=True)
    position = chosen[0] if chosen else next((at for at, done in enumerate(is_ruled) if not done), 0)
    _draw_pair(shown, settings, found.iloc[position])


def draw_waiting(settings: Settings) -> None:
    """Rulings made here that the next run will read."""
    found = waiting_rulings(settings)
    st.subheader(t("identity.waiting.title"), anchor=False, help=t("identity.waiting.help"))
    if not found:
        empty("identity.waiting.none")
        return
    names = ["ruled_at", "kind", "record_key_l", "record_key_r", "reason", "ruled_by"]
    table = pd.DataFrame(found).reindex(columns=names)
    st.dataframe(
        table.assign(kind=[label(str(kind), "rulings") for kind in table["kind"]]),
        hide_index=True, column_config={name: label(name) for name in names}, key="waiting_rulings",
    )  # fmt: skip


def _draw_pair(shown: Published, settings: Settings, pair: pd.Series) -> None:
    st.markdown(
        f"**{t('identity.queue.pair', rank=number(pair['queue_rank']), kind=label(str(pair['kind']), 'review_kinds'))}**"
    )
    sides = [_side(shown, settings, str(pair[key])) for key in ("record_key_l", "record_key_r")]
    names = list(dict.fromkeys(name for side in sides for name in side))
    table = pd.DataFrame(
        {
            "fact": [label(name) for name in names],
            "record_l": [sides[0].get(name, NOTHING) for name in names],
            "record_r": [sides[1].get(name, NOTHING) for name in names],
        }
    )
    # What is masked may look equal and be two values: the evidence below says whether it is.
    is_shown = pd.Series([not name.startswith("masked_") for name in names])
    is_equal = (table["record_l"] == table["record_r"]) & (table["record_l"] != NOTHING)
    table["is_equal"] = is_equal.astype(object).where(is_shown, None)
    facts, form = st.columns([3, 2], gap="large")
    with facts:
        show_table(table, shown, key="review_pair")
        _draw_evidence(shown, pair)
    with form:
        _draw_form(settings, pair)


def _draw_evidence(shown: Published, pair: pd.Series) -> None:
    """What the model saw, for and against: the weights, and every further column of the queue's row."""
    _draw_weights(shown, str(pair["record_key_l"]), str(pair["record_key_r"]))
    hidden = {*LISTED, "record_key_l", "record_key_r", "evidence_hash", "as_of_date"}
    comments = shown.column_comments(queries.QUEUE)
    for name, value in pair.items():
        if name not in hidden and value is not None and not pd.isna(value):
            text = share(value) if str(name).endswith("probability") else _plain(value).replace("_", " ")
            st.caption(f"**{label(str(name))}**: {text}", help=comments.get(str(name)))
    st.caption(t("identity.queue.explain", left=pair["record_key_l"], right=pair["record_key_r"]))


def _draw_weights(shown: Published, record_key_l: str, record_key_r: str) -> None:
    """The pair's waterfall as a table; nothing where the generation is older than the table."""
    if shown.missing((queries.EVIDENCE,)):
        return
    found = queries.review_evidence(shown, record_key_l, record_key_r)
    if found.empty:
        return
    reach = max(1.0, float(found["bits"].abs().max()))
    table = pd.DataFrame(
        {
            "comparison": [label(name, "comparisons") for name in found["comparison"]],
            "finding": found["finding"],
            "against": found["bits"].clip(upper=0).abs(),
            "in_favour": found["bits"].clip(lower=0),
        }
    )
    bars: dict[str, Any] = {
        name: st.column_config.ProgressColumn(
            label(name),
            help=t("identity.queue.bits"),
            format="%.1f",
            min_value=0.0,
            max_value=reach,
            width="small",
        )
        for name in ("against", "in_favour")
    }
    bars["finding"] = st.column_config.TextColumn(label("finding"), width="small")
    show_table(table, shown, queries.EVIDENCE, key="review_evidence", columns=bars)
    st.caption(t("identity.queue.sum", bits=f"{found['bits'].sum():+.1f}"))


def _draw_form(settings: Settings, pair: pd.Series) -> None:
    key = f"{pair['record_key_l']}_{pair['record_key_r']}"
    with st.form(f"ruling_{key}", clear_on_submit=True):
        kind = st.radio(
            t("identity.form.kind"), KINDS, index=None, format_func=lambda name: label(name, "rulings")
        )
        reason = st.text_area(t("identity.form.reason"), max_chars=500, height=90)
        ruled_by = st.text_input(t("identity.form.ruled_by"), value=getpass.getuser(), max_chars=80)
        st.caption(t("identity.form.counts"))
        sent = st.form_submit_button(t("identity.form.submit"), type="primary")
    if not sent:
        return
    try:
        append_ruling(
            settings,
            Ruling(
                kind=str(kind),
                record_key_l=str(pair["record_key_l"]),
                record_key_r=str(pair["record_key_r"]),
                reason=reason,
                ruled_by=ruled_by,
                evidence_hash=str(pair["evidence_hash"]) if "evidence_hash" in pair.index else None,
            ),
        )
    except RulingRefused as refused:
        st.error(t(f"identity.form.refused_{refused.code}"))
        return
    st.success(t("identity.form.done"))


def _side(shown: Published, settings: Settings, record_key: str) -> dict[str, str]:
    """One record as facts in words; in clear only with --reveal, and then logged."""
    found = queries.record(shown, record_key)
    if found.empty:
        return {"record_key": record_key}
    row: dict[str, Any] = {str(name): value for name, value in found.iloc[0].items()}
    if shown.contact_path is not None:
        contact = queries.record_contact(shown, record_key)
        if not contact.empty:
            row |= {str(name): value for name, value in contact.iloc[0].items()}
            row = {name: value for name, value in row.items() if not name.startswith("masked_")}
        seen = st.session_state.setdefault("logged_records", set())
        if record_key not in seen:
            log_reveal(
                settings, "view_record", generation=shown.generation, customer_id=str(row["customer_id"])
            )
            seen.add(record_key)
    return {name: _fact(name, value) for name, value in row.items()}


def _fact(name: str, value: Any) -> str:
    if value is None or pd.isna(value):
        return NOTHING
    if name == "record_kind":
        return label(str(value), "record_kinds")
    if isinstance(value, pd.Timestamp):
        return day(value)
    if name == "net_revenue":
        return money(float(value), "").strip()
    return _plain(value, grouped=not name.endswith("_year"))


def _plain(value: Any, *, grouped: bool = True) -> str:
    if isinstance(value, str):
        return value
    whole = float(value).is_integer()
    return number(value, 0 if whole else 2) if grouped else f"{value:.0f}"


def _pair(left: str | None, right: str | None) -> tuple[str, str]:
    first, second = sorted((str(left), str(right)))
    return first, second
