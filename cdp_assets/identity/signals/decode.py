"""What each distinct privacy signal of the touches refuses: one row per text, for dbt to join.

Global Privacy Control is a yes or no of its own; USP and GPP strings speak for the United States, a TCF string for Europe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.signals.bits import Bits, UnreadableSignal
from cdp_assets.identity.signals.gpp import decode_gpp
from cdp_assets.identity.tables import has_table

# Bits of a TCF core string before the purposes that the user consents to (IAB TCF v2.2, "core string").
_TCF_BEFORE_PURPOSES = 146
_TCF_ADS_PROFILE, _TCF_PERSONALISED_ADS, _TCF_MEASUREMENT = 3, 4, 7


@dataclass(frozen=True)
class Refusals:
    """Which purposes a signal refuses; `problem` says in words why it could not be read, and then it refuses nothing."""

    sharing: bool = False
    ads_matching: bool = False
    measurement: bool = False
    problem: str | None = None


def decode_usp(text: str) -> Refusals:
    """US Privacy string (IAB CCPA, version 1): `1YYN` is version, notice given, opted out of sale, covered by the LSPA."""
    if not re.fullmatch(r"1[YN-]{3}", text.strip().upper()):
        raise UnreadableSignal("it is not a 1 and three of Y, N and -")
    is_out = text.strip().upper()[2] == "Y"
    return Refusals(sharing=is_out, ads_matching=is_out)


def decode_tcf(text: str) -> Refusals:
    """TCF v2 consent string, the purposes' bit field alone: what is not consented to is refused (GDPR)."""
    bits = Bits(text.strip().split(".")[0])
    if bits.integer(6) != 2:
        raise UnreadableSignal("it is not of version 2")
    bits.integer(_TCF_BEFORE_PURPOSES)
    purposes = {number for number in range(1, 25) if bits.integer(1)}
    return Refusals(
        sharing=_TCF_PERSONALISED_ADS not in purposes,
        ads_matching=not {_TCF_ADS_PROFILE, _TCF_PERSONALISED_ADS} <= purposes,
        measurement=_TCF_MEASUREMENT not in purposes,
    )


def refusals_of(kind: str, text: str) -> Refusals:
    """What one signal refuses; a text that cannot be read refuses nothing and says why."""
    try:
        if kind == "gpp":
            sections = decode_gpp(text)
            return Refusals(
                sharing=any(each.refuses_sharing for each in sections),
                ads_matching=any(each.refuses_ads_matching for each in sections),
            )
        return decode_usp(text) if kind == "usp" else decode_tcf(text)
    except UnreadableSignal as problem:
        return Refusals(problem=str(problem))


def decode_signals(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.decoded_signals from identity.privacy_signals (signal_kind, signal_text; distinct).

    Grain: one row per kind and text: refuses_sharing, refuses_ads_matching, refuses_measurement, problem. Also
    identity.verified_contacts (channel, contact_type): which kinds of contact a channel's contract says it has verified.
    """
    # The first step of a proposal: what an older run proposed counts no longer.
    con.execute("drop table if exists identity.proposal")
    found = []
    if has_table(con, "privacy_signals"):
        found = con.execute(
            "select signal_kind, signal_text from identity.privacy_signals order by all"
        ).fetchall()
    decoded = [(kind, text, refusals_of(kind, text)) for kind, text in found]
    con.execute(
        """
        create or replace table identity.decoded_signals as
        select
            unnest($kinds::varchar[]) as signal_kind, unnest($texts::varchar[]) as signal_text,
            unnest($sharing::boolean[]) as refuses_sharing, unnest($ads::boolean[]) as refuses_ads_matching,
            unnest($measurement::boolean[]) as refuses_measurement, unnest($problems::varchar[]) as problem
        """,
        {
            "kinds": [kind for kind, _, _ in decoded],
            "texts": [text for _, text, _ in decoded],
            "sharing": [each.sharing for _, _, each in decoded],
            "ads": [each.ads_matching for _, _, each in decoded],
            "measurement": [each.measurement for _, _, each in decoded],
            "problems": [each.problem for _, _, each in decoded],
        },
    )
    verified = [(channel, kind) for channel, kinds in ctx.verified.items() for kind in kinds]
    con.execute(
        "create or replace table identity.verified_contacts as "
        "select unnest($channels::varchar[]) as channel, unnest($kinds::varchar[]) as contact_type",
        {"channels": [channel for channel, _ in verified], "kinds": [kind for _, kind in verified]},
    )
    unreadable = sum(each.problem is not None for _, _, each in decoded)
    return StepSummary("decode_signals", {"signals": len(decoded), "unreadable": unreadable})
