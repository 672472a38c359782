"""What members of the loyalty programme allowed, refused and took back: the answers behind the consent log, with their traps.

Formatting the log belongs to `channels.loyalty`; what browsers refuse by their signals to `channels.ga4` and `channels.segment`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import QUARTERS, month_end
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

LATEST = "timestamp '2017-12-30'"


def create_consents(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `consent_answers`: one row per answer: answer, member_id, person_no, contact_kind (email, sms, person), contact (as typed), purpose,
    choice (the log's words), given_by, text_version, at_local (the shop's clock), expires_local, traps.

    And `changed_words`, empty: what else than the log says so; the channels that deliver it fill it.

    Each member is asked per contact and purpose once; some take it back, some grants end, a few object at the till to everything.
    """
    rates = parameters.traps["consents"]
    asked = ", ".join(
        f"{{'purpose': '{purpose}', 'yes': {yes}, 'no': {no}}}"
        for purpose, (yes, no) in rates["asked"].items()
    )
    con.execute(from_file(__name__, "consent_answers", asked=asked, latest=LATEST, rates=rates))
    con.execute(
        "create or replace temp table changed_words "
        "(person_no bigint, contact_kind text, contact text, purpose text, choice text, at_local timestamp)"
    )


@dataclass(frozen=True)
class Word:
    """A yes or no that each file of an export of the quarters states, and that some say otherwise from the third or the fourth file on.

    said: a condition on the row, the first word. rate: of those who change it. seed: names the draws. The rest is what the truth
    (`changed_words`) says: rows of `table` since the day `since`, a contact of that kind in the column `contact`.
    """

    said: str
    seed: str
    rate: float
    table: str
    since: str
    contact_kind: str
    contact: str

    def at(self, month: int) -> str:
        """SQL: whether it is a yes at the end of `month`."""
        changed = (
            f"u('{self.seed} otherwise', person_no) < {self.rate} "
            f"and {month} >= 9 + 3 * pick('{self.seed} when', person_no, 2)"
        )
        return f"(({self.said}) <> ({changed}))"


def keep_changes(con: duckdb.DuckDBPyConnection, word: Word) -> None:
    """Tell the truth (`changed_words`) of each who says another word than in the file before."""
    for year, month in QUARTERS[1:]:
        before, now = word.at(month - 3), word.at(month)
        con.execute(
            f"""
            insert into changed_words
            select
                person_no, '{word.contact_kind}', {word.contact}, 'marketing', if({now}, 'opt_in', 'withdraw'),
                timestamp '{month_end(year, month)} 12:00:00'
            from {word.table}
            where {word.since} < date '{month_end(year, month - 3)}' + 1 and {now} <> {before}
            """
        )


TRUTH = """
    select person_id, contact_kind, contact, purpose, choice, at_local, expires_local
    from consent_answers join persons using (person_no)
    union all
    select person_id, contact_kind, contact, purpose, choice, at_local, null
    from changed_words join persons using (person_no)
    order by person_id, contact_kind, contact, purpose, at_local, choice
"""
