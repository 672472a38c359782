"""What members of the loyalty programme allowed, refused and took back: the answers behind the consent log, with their traps.

Formatting the log belongs to `channels.loyalty`; what browsers refuse by their signals to `channels.ga4` and `channels.segment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

LATEST = "timestamp '2017-12-30'"


def create_consents(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `consent_answers`: one row per answer: answer, member_id, person_no, contact_kind (email, sms, person), contact (as typed), purpose,
    choice (the log's words), given_by, text_version, at_local (the shop's clock), expires_local, traps.

    Each member is asked per contact and purpose once; some take it back, some grants end, a few object at the till to everything.
    """
    rates = parameters.traps["consents"]
    asked = ", ".join(
        f"{{'purpose': '{purpose}', 'yes': {yes}, 'no': {no}}}"
        for purpose, (yes, no) in rates["asked"].items()
    )
    con.execute(from_file(__name__, "consent_answers", asked=asked, latest=LATEST, rates=rates))


TRUTH = """
    select person_id, contact_kind, contact, purpose, choice, at_local, expires_local
    from consent_answers join persons using (person_no)
    order by person_id, contact_kind, contact, purpose, at_local, choice
"""
