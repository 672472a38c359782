"""What uploaders report back, batch by batch, into the ledger. An answer may come late, twice, in part, or for somebody else's batch.

An answer is a JSON object: `home`, `batch`, `sha256` (all three as the manifest says), `status` (accepted, refused), and where they differ from that, `accepted`
(keys: only these were taken; the rest waits on) and `refused` (objects of key and reason); `received` as the platform counted; `reason` of a refused batch. A
list that was deleted at the platform: `home`, `list` (`<destination>/<audience>`), `deleted: true`. The hash of a file that was
written again under its batch id says that it was carried out as it was before. A file holds one object, a list of them, or one a line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cdp_assets.activation.audience import wrong_places
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.files import show
from cdp_assets.activation.ledger import insert_rows, offered_files
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.vault import KNOWN, show_keys
from cdp_assets.keys import load_key, pseudonym
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

Outcome = Literal[
    "accepted", "partly accepted", "refused", "known already", "late", "list deleted",
    "unknown batch", "another home", "another file", "unknown key",
]  # fmt: skip
TAKEN = {"accepted", "partly accepted", "refused", "known already", "late", "list deleted"}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_VALUES = re.compile(r"\S+@\S+|[0-9a-f]{32,}|[A-Za-z0-9+/]{43}=|[+(]?\d(?:[ ().-]{0,2}\d){6,}", re.IGNORECASE)


def _without_values(said: str) -> str:
    """A platform's words, on one line, without what may be an address, a number or a key: reasons are kept and shown."""
    printable = "".join(each if each.isprintable() else " " for each in said)
    return " ".join(_VALUES.sub("…", printable).split())[:200]


Reason = Annotated[str, AfterValidator(_without_values)]


class RefusedKey(_Model):
    """A key that the platform did not take."""

    key: str
    reason: Reason = "not said"


class Answer(_Model):
    """One answer, as a file says it."""

    home: str
    batch: str | None = None
    sha256: str | None = None
    status: Literal["accepted", "refused"] = "accepted"
    accepted: list[str] | None = None
    refused: list[RefusedKey] = []
    received: Annotated[int, Field(ge=0)] | None = None
    reason: Reason | None = None
    list_: str | None = Field(default=None, alias="list")
    deleted: bool = False

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Answer:
        if self.deleted != (self.list_ is not None):
            raise ValueError("a deleted list is named: list and deleted go together")
        if not self.deleted and (self.batch is None or self.sha256 is None):
            raise ValueError("batch and sha256 are missing: copy them from the manifest")
        if set(self.accepted or ()) & {each.key for each in self.refused}:
            raise ValueError("a key is both accepted and refused: say which")
        return self


@dataclass(frozen=True)
class Taken:
    """What became of one answer, and in words what is worth knowing."""

    about: str
    outcome: Outcome
    words: str = ""

    @property
    def is_taken(self) -> bool:
        return self.outcome in TAKEN


def home_fingerprint(settings: Settings) -> str:
    """What manifests and answers name a home by."""
    return pseudonym(load_key(settings), "activation")[:16]


def read_answers(path: Path) -> list[Answer]:
    """The answers of a file. Raises ActivationProblem with the place of what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        try:
            found: Any = json.loads(text)
        except ValueError:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, OSError, RecursionError):
        raise ActivationProblem(
            "the file cannot be read as JSON", str(path), "write one object, a list, or one object a line"
        ) from None
    answers = []
    for number, each in enumerate(found if isinstance(found, list) else [found], start=1):
        try:
            answers.append(Answer.model_validate(each))
        except ValidationError as error:
            raise ActivationProblem(
                "an answer cannot be read", f"{path}, answer {number}", "; ".join(wrong_places(error))
            ) from None
    return answers


def take_answers(settings: Settings, answers: list[Answer]) -> list[Taken]:
    """Take answers into the ledger, all of a file or none; expects the home's lock to be held."""
    home = home_fingerprint(settings)
    with connect_state(settings) as con:
        show_keys(con, settings, "main")
        con.begin()  # one commit for all; a connection that is closed before it takes nothing
        whole = _take_whole(con, answers, home)
        taken = [whole.get(place) or _take(con, answer, home) for place, answer in enumerate(answers)]
        con.commit()
        pending = offered_files(con, load_destinations(settings), "main")
    show(settings, pending)
    return taken


def _take_whole(con: duckdb.DuckDBPyConnection, answers: list[Answer], home: str) -> dict[int, Taken]:
    """Pending batches that were accepted whole, in one go, since a night has thousands: place of the answer → what became of it.

    Left to `_take`: whatever says more, is about a batch that waits no longer or that somebody left, or stands beside another answer about
    the same batch or list. Those may come before or after these: a key's removal is proposed once more at worst.
    """
    named = Counter(each.batch for each in answers)
    if any(each.deleted for each in answers):
        return {}
    rows = [
        (place, each.batch, each.sha256, each.received, each.reason)
        for place, each in enumerate(answers)
        if each.home == home and each.status == "accepted" and each.accepted is None and not each.refused and named[each.batch] == 1
    ]  # fmt: skip
    con.execute(
        "create or replace temp table said (place integer, batch_id varchar, sha256 varchar, received bigint, reason varchar)"
    )
    insert_rows(con, "said", rows)
    con.execute(
        "create or replace temp table whole as select s.place, s.received, s.reason, b.batch_id, b.batch_no, b.upload_before, g.status as generation_status "
        "from said as s join activation_batches as b using (batch_id, sha256) left join generations as g using (generation) "
        "where b.status = 'pending' and b.operation in ('add', 'remove', 'replace') "
        "and b.batch_no not in (select batch_no from activation_superseded_keys) and b.batch_no not in (select batch_no from activation_answers)"
    )
    on = _today(con)
    con.execute("delete from activation_entries where remove_batch in (select batch_no from whole)")
    con.execute(
        "update activation_batches as b set status = 'acknowledged', answered_on = $on, received = w.received, note = w.reason "
        "from whole as w where b.batch_no = w.batch_no",
        {"on": on},
    )
    found = con.execute("select place, batch_id, upload_before, generation_status from whole").fetchall()
    return {row[0]: Taken(row[1], "accepted", _warnings(row[2], row[3], on)) for row in found}


def _today(con: duckdb.DuckDBPyConnection) -> date:
    """The day of the newest proposal, on which answers are taken."""
    found: date = con.execute(
        "select coalesce(max(proposed_on), date '1970-01-01') from activation_batches"
    ).fetchall()[0][0]
    return found


def _take(con: duckdb.DuckDBPyConnection, answer: Answer, home: str) -> Taken:
    about = answer.list_ or answer.batch or ""
    if answer.home != home:
        return Taken(about, "another home", "nothing was taken: the answer is about another home's files")
    on = _today(con)
    if answer.deleted:
        return _take_deletion(con, about, on)
    row = con.execute(
        "select b.batch_no, b.operation, b.status, b.sha256, b.upload_before, g.status from activation_batches as b "
        "left join generations as g using (generation) where b.batch_id = ?",
        [answer.batch],
    ).fetchall()
    if not row:
        return Taken(about, "unknown batch", "nothing was taken: no such batch was ever proposed here")
    batch_no, operation, status, sha256, upload_before, generation = row[0]
    is_former = sha256 != answer.sha256
    if is_former and not _is_former(con, batch_no, answer):
        return Taken(
            about, "another file", "nothing was taken: the file that was uploaded is not the one proposed"
        )
    words = _warnings(upload_before, generation, on)
    is_event = operation in ("event", "adjustment")
    if operation == "add":
        words = (_who_left(con, batch_no, answer, is_former, status == "pending", on) + words).strip()
    if status == "acknowledged" and (is_event or not answer.refused):
        return Taken(about, "known already")
    if is_event:
        return _take_events(con, about, answer, batch_no, status, on)
    keys = _keys_of(con, answer)
    if keys is None:
        return Taken(about, "unknown key", "nothing was taken: it names keys that no batch ever had")
    if status == "acknowledged":
        return _take_second_thoughts(con, about, answer, keys, batch_no, operation, on)
    if status == "superseded":
        return _take_late(con, about, answer, batch_no, operation, on, words)
    return _take_pending(con, about, answer, keys, batch_no, operation, on, words)


def _take_pending(
    con: duckdb.DuckDBPyConnection,
    about: str,
    answer: Answer,
    keys: dict[str, int],
    batch_no: int,
    operation: str,
    on: date,
    words: str,
) -> Taken:
    """An answer to what waits for one."""
    rows: list[tuple[object, ...]] = [
        (batch_no, keys[each.key], "refused", each.reason, on) for each in answer.refused
    ]
    rows += [(batch_no, keys[each], "accepted", None, on) for each in answer.accepted or []]
    con.execute(
        "delete from activation_answers where batch_no = ? and key_id in (select unnest(?::bigint[]))",
        [batch_no, [row[1] for row in rows]],
    )
    insert_rows(con, "activation_answers", rows)
    is_part = answer.accepted is not None
    if operation in ("remove", "replace"):
        gone = (
            "key_id in (select key_id from activation_answers where batch_no = $batch_no and outcome = 'accepted')"
            if is_part or answer.status == "refused"
            else "key_id not in (select key_id from activation_answers where batch_no = $batch_no and outcome = 'refused')"
        )
        con.execute(
            f"delete from activation_entries where remove_batch = $batch_no and {gone}",
            {"batch_no": batch_no},
        )
    if answer.status == "refused":
        _close(con, batch_no, "refused", on, answer)
        return Taken(about, "refused", answer.reason or "the platform gave no reason")
    if is_part:
        return Taken(
            about,
            "partly accepted",
            f"{len(answer.accepted or []):,} keys; the rest waits on. {words}".strip(),
        )
    _close(con, batch_no, "acknowledged", on, answer)
    refused = f"{len(answer.refused):,} keys were refused. " if answer.refused else ""
    return Taken(about, "accepted", (refused + words).strip())


def _take_second_thoughts(
    con: duckdb.DuckDBPyConnection,
    about: str,
    answer: Answer,
    keys: dict[str, int],
    batch_no: int,
    operation: str,
    on: date,
) -> Taken:
    """Keys that were refused after all, of a batch that was acknowledged: a removal of theirs is proposed again, an addition is listed as refused."""
    known = con.execute(
        "select key_id from activation_answers where batch_no = ? and outcome = 'refused'", [batch_no]
    ).fetchall()
    rows = {keys[each.key]: each.reason for each in answer.refused}
    for (key_id,) in known:
        rows.pop(key_id, None)
    if not rows:
        return Taken(about, "known already")
    insert_rows(
        con,
        "activation_answers",
        [(batch_no, key_id, "refused", reason, on) for key_id, reason in rows.items()],
    )
    if operation != "add":
        con.execute(
            "insert into activation_entries select b.list_id, k.key_id, coalesce(b.field, ("
            "select min(e.field) from activation_entries as e join activation_keys as o using (key_id) "
            "where e.list_id = b.list_id and o.contact_type = k.contact_type), k.contact_type), null, null "
            "from activation_batches as b, activation_keys as k where b.batch_no = $batch_no and list_contains($keys, k.key_id) "
            "and not exists (select 1 from activation_entries as e where e.list_id = b.list_id and e.key_id = k.key_id)",
            {"batch_no": batch_no, "keys": list(rows)},
        )
    return Taken(
        about,
        "partly accepted",
        f"{len(rows):,} keys of a batch that was acknowledged were refused after all",
    )


def _take_events(
    con: duckdb.DuckDBPyConnection, about: str, answer: Answer, batch_no: int, status: str, on: date
) -> Taken:
    """An answer about conversions: they are taken or refused by the batch; refused ones of a batch that was taken are noted."""
    if status == "superseded":
        return Taken(about, "late", "the batch was superseded; the platform tells equal events by their ids")
    if answer.status == "refused":
        _close(con, batch_no, "refused", on, answer)
        return Taken(about, "refused", answer.reason or "the platform gave no reason")
    said = _refused_events(answer)
    _close(con, batch_no, "acknowledged", on, answer.model_copy(update={"reason": said or answer.reason}))
    return Taken(about, "accepted", said)


def _refused_events(answer: Answer) -> str:
    """How many events of a batch were refused and why, the commonest reason first: what the batch's note keeps of them."""
    if not answer.refused:
        return ""
    reasons = Counter(each.reason for each in answer.refused).most_common()
    return f"{len(answer.refused):,} events were refused: " + "; ".join(
        f"{reason} ({count:,})" for reason, count in reasons
    )


def _take_late(
    con: duckdb.DuckDBPyConnection,
    about: str,
    answer: Answer,
    batch_no: int,
    operation: str,
    on: date,
    words: str,
) -> Taken:
    """An answer to a batch that was superseded: it may have been carried out after what came later.

    Keys that were added may be there, also where their removal is under way: the ledger knows them again, and the next run removes those that nobody desires. Keys that
    were removed may be gone: they are proposed again where they are desired, as is a list that a whole file replaced.
    """
    if answer.status == "refused":
        return Taken(about, "late", "the batch was superseded before; nothing follows from its refusal")
    if operation == "remove":
        con.execute(
            "update activation_entries as e set add_batch = null from activation_superseded_keys as s, activation_batches as b "
            "where s.batch_no = $batch_no and b.batch_no = $batch_no and e.list_id = b.list_id and e.key_id = s.key_id and e.remove_batch is null",
            {"batch_no": batch_no},
        )
    else:
        _known_again(con, batch_no)
        which = (
            "true"
            if operation == "replace"
            else "e.remove_batch is not null and e.key_id in (select key_id from activation_superseded_keys where batch_no = $batch_no)"
        )
        con.execute(
            "update activation_entries as e set add_batch = null, remove_batch = null from activation_batches as b "
            f"where b.batch_no = $batch_no and e.list_id = b.list_id and {which}",
            {"batch_no": batch_no},
        )
        con.execute("delete from activation_answers where batch_no = ?", [batch_no])
        con.execute(  # people in it were written to
            "insert into activation_answers select distinct $batch_no, key_id, 'accepted', null, $on from activation_superseded_keys "
            "where batch_no = $batch_no",
            {"batch_no": batch_no, "on": on},
        )
    return Taken(
        about, "late", f"the batch was superseded; the next run brings the platform in line. {words}".strip()
    )


def _who_left(
    con: duckdb.DuckDBPyConnection, batch_no: int, answer: Answer, is_former: bool, is_pending: bool, on: date
) -> str:
    """What an answer says of people who left the batch before it: they are there where its former file went out, and else were not written to."""
    if is_former and answer.status == "accepted" and _they_may_be_there(con, batch_no, on):
        return "its file was carried out as it was before: the next run removes who left it; "
    if not is_former and is_pending and answer.accepted is None:
        _release_who_left(con, batch_no)
    return ""


def _is_former(con: duckdb.DuckDBPyConnection, batch_no: int, answer: Answer) -> bool:
    """Whether the answer is about what the batch's file was before it was written again."""
    found = con.execute(
        "select count(*) from activation_former_files where batch_no = ? and sha256 = ?",
        [batch_no, answer.sha256],
    ).fetchall()
    return bool(found[0][0])


def _they_may_be_there(con: duckdb.DuckDBPyConnection, batch_no: int, on: date) -> bool:
    """People who left a batch, and whom its former file brought: they were written to, and their removal is proposed again. False: it is known."""
    new = con.execute(
        "insert into activation_answers select distinct batch_no, key_id, 'accepted', null, $on::date from activation_superseded_keys as s "
        "where batch_no = $batch_no and not exists (select 1 from activation_answers as a where a.batch_no = s.batch_no and a.key_id = s.key_id) returning 1",
        {"batch_no": batch_no, "on": on},
    ).fetchall()
    if new:
        _known_again(con, batch_no)
        con.execute(
            "update activation_entries as e set add_batch = null, remove_batch = null from activation_superseded_keys as s, activation_batches as b "
            "where s.batch_no = $batch_no and b.batch_no = $batch_no and e.list_id = b.list_id and e.key_id = s.key_id and e.remove_batch is not null",
            {"batch_no": batch_no},
        )
    return bool(new)


def _known_again(con: duckdb.DuckDBPyConnection, batch_no: int) -> None:
    """Keys that left a batch may be at the platform: the ledger knows them again."""
    con.execute(
        "insert into activation_entries select b.list_id, s.key_id, s.field, null, null from activation_superseded_keys as s "
        "join activation_batches as b using (batch_no) where s.batch_no = $batch_no and not exists ("
        "select 1 from activation_entries as e where e.list_id = b.list_id and e.key_id = s.key_id)",
        {"batch_no": batch_no},
    )


def _release_who_left(con: duckdb.DuckDBPyConnection, batch_no: int) -> None:
    """People who left a batch before it was carried out were not written to."""
    con.execute(
        "delete from activation_contacts where batch_no = $batch_no and customer_id in (select k.customer_id from activation_superseded_keys as s "
        "join activation_key_customers as k using (key_id) where s.batch_no = $batch_no) and customer_id not in ("
        "select k.customer_id from activation_entries as e join activation_key_customers as k using (key_id) "
        "where e.add_batch = $batch_no and e.remove_batch is null)",
        {"batch_no": batch_no},
    )


def _take_deletion(con: duckdb.DuckDBPyConnection, about: str, on: date) -> Taken:
    """A list that is no longer at the platform: nobody is on it, and the next run proposes everybody anew."""
    found = con.execute(
        "select list_id from activation_lists where destination || '/' || audience = ?", [about]
    ).fetchall()
    if not found:
        return Taken(about, "unknown batch", "nothing was taken: no such list was ever proposed here")
    list_id = found[0][0]
    con.execute("delete from activation_entries where list_id = ?", [list_id])
    con.execute(
        "update activation_batches set status = 'superseded', answered_on = ?, note = 'the list was deleted at the platform' "
        "where list_id = ? and status = 'pending'",
        [on, list_id],
    )
    return Taken(about, "list deleted", "the next run proposes its members anew")


def _close(con: duckdb.DuckDBPyConnection, batch_no: int, status: str, on: date, answer: Answer) -> None:
    con.execute(
        "update activation_batches set status = ?, answered_on = ?, received = ?, note = ? where batch_no = ?",
        [status, on, answer.received, answer.reason, batch_no],
    )


def _keys_of(con: duckdb.DuckDBPyConnection, answer: Answer) -> dict[str, int] | None:
    """Key → number, of the keys that an answer names; None where one was never proposed."""
    named = [*(each.key for each in answer.refused), *(answer.accepted or [])]
    if not named:
        return {}
    found = dict(
        con.execute(
            f"select platform_key, max(key_id) from {KNOWN} where platform_key in (select unnest(?::varchar[])) group by platform_key",
            [named],
        ).fetchall()
    )
    return found if set(named) <= set(found) else None


def _warnings(upload_before: date | None, generation: str | None, on: date) -> str:
    said = []
    if generation == "withdrawn":
        said.append(
            "its generation was withdrawn by a rollback: the next run removes whom the current one does not mean"
        )
    if upload_before is not None and upload_before <= on:
        said.append(f"a consent in it ended on {upload_before}: the next run removes that key")
    return "; ".join(said)
