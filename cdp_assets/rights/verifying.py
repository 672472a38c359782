"""Whether a certificate still holds: its signature and root, and whether a home holds anybody whom it says is gone.

By keyed hashes alone, long after the literals are forgotten: e-mails, runs of digits and whole cells of what landed and what is published.
Somebody who came back lawfully (`onefold rights readmit`) is found, and said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cdp_assets.engine import scratch
from cdp_assets.keys import SEPARATOR_SQL as MARK
from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.landing import forgetting as landing
from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.suppression.identifiers import SUPPRESS
from cdp_assets.landing.suppression.matches import Suppressed, contact_words, register_reading
from cdp_assets.publishing.copies import STORED_AS, text
from cdp_assets.publishing.generations import current_generation
from cdp_assets.rights import certificate
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state
from cdp_assets.wording import counted


@dataclass
class Verdict:
    """problems: what is wrong with the certificate; returned: places that hold a known hash, and whether that is lawful."""

    problems: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    words_compared: int = 0
    is_lawful: bool = False

    @property
    def holds(self) -> bool:
        return not self.problems and (not self.returned or self.is_lawful)


def verify(settings: Settings, document: dict[str, Any]) -> Verdict:
    """Check a certificate against its home as it is now."""
    key = load_key(settings)
    verdict = Verdict(certificate.check(document, key))
    hashes = [str(each) for each in document.get("suppressed", [])]
    on_hold = {each["table_name"] for each in document.get("kept_on_hold", [])}
    with connect_state(settings, read_only=True) as con:
        readmitted = con.execute(
            "select count(*) from rights_events where event = 'readmitted' and request_id in (select unnest(?::varchar[]))",
            [document.get("request_ids", [])],
        ).fetchall()
        kinds = frozenset(
            row[0] for row in con.execute("select distinct identifier_type from suppressions").fetchall()
        )
        still = con.execute(
            "select identifier_pseudonym from suppressions where identifier_pseudonym in (select unnest(?::varchar[]))",
            [hashes],
        ).fetchall()
    _look(settings, key, hashes, kinds, on_hold, verdict)
    if readmitted[0][0] and verdict.returned:  # of several who went together, only she who was let in again
        others = Verdict()
        _look(settings, key, [row[0] for row in still], kinds, on_hold, others)
        verdict.is_lawful = not others.returned
    if verdict.is_lawful:
        verdict.returned.append("lawful: she was let in again, with evidence (`onefold rights show`)")
    return verdict


def _look(
    settings: Settings,
    key: bytes,
    hashes: list[str],
    kinds: frozenset[str],
    on_hold: set[str],
    verdict: Verdict,
) -> None:
    """Look for some people in what landed and what is published; where they are found goes into the verdict."""
    found = landing.holding_loads(
        settings, load_contracts(*settings.contract_dirs), Suppressed(hashes, kinds)
    )
    verdict.returned += [
        f"landing: {channel}.{export}, {counted(sum(rows.values()), 'rows')}"
        for (channel, export), rows in found.items()
        if f"{channel}.{export}" not in on_hold
    ]
    if generation := current_generation(settings):
        for stored in STORED_AS.values():
            _compare(settings, settings.published_dir / generation / stored, key, hashes, verdict)


def _compare(settings: Settings, path: Any, key: bytes, hashes: list[str], verdict: Verdict) -> None:
    """Compare every e-mail, number and whole cell of a published file with the hashes."""
    with scratch(settings.duckdb_limits) as con:
        con.execute(f"attach {text(path)} as looked (read_only)")
        register_pseudonym(con, key)
        register_reading(con)
        con.execute("create temp table known as select unnest(?::varchar[]) as hash", [hashes])
        columns = con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where database_name = 'looked' and data_type = 'VARCHAR' order by all"
        ).fetchall()
        for schema, table, column in columns:
            words = f"{contact_words('t', None)} || ['cell' || {MARK} || lower(trim(t))]"
            ((compared, count),) = con.execute(
                f"""
                with texts as (select distinct {identifier(column)} as t from looked.{identifier(schema, table)} where {identifier(column)} is not null),
                words as (select distinct unnest({words}) as word from texts)
                select count(*), count(*) filter (where pseudonym('{SUPPRESS}' || {MARK} || word) in (select hash from known)) from words
                """
            ).fetchall()
            verdict.words_compared += compared
            if count:
                verdict.returned.append(
                    f"{path.parent.name}/{path.name}: {schema}.{table}.{column}, {count} values"
                )
