"""What a request asks beyond whom it is about: purposes, the language of the answer, the value that is right. Kept in state.

A wrong value is kept as a keyed hash only; a right one until the correction is carried out, refused or erased.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import duckdb

from cdp_assets.activation.audience import Purpose
from cdp_assets.keys import pseudonym
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.shapes import shapes

PURPOSES: tuple[str, ...] = get_args(Purpose)
# What a request refuses where it names no purpose: an objection is to direct marketing and the profiling for it (GDPR 21(2)),
# an opt-out to sale and sharing (11 CCR 7026), a restriction to everything but keeping (GDPR 18).
REFUSED = {
    "object": ("marketing", "profiling"),
    "opt-out": ("ads_matching", "sharing"),
    "restrict": PURPOSES,
}
ATTRIBUTES = tuple(each.name for each in shapes()["customers"].columns if each.band in ("person", "address"))
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z]+)?"
LONGEST = 300  # characters of a right value


@dataclass(frozen=True)
class Wish:
    """purposes: of an objection, a restriction or a lifting; attribute, right_value: of a correction; wrong_value: in clear only while it is taken."""

    purposes: tuple[str, ...] = ()
    language: str | None = None
    attribute: str | None = None
    right_value: str | None = None
    wrong_value: str | None = None
    wrong_pseudonym: str | None = None


NO_WISH = Wish()


def check(kind: str, wish: Wish) -> None:
    """Raise RequestProblem where a wish does not fit its kind."""
    unknown = sorted(set(wish.purposes) - set(PURPOSES))
    value = (wish.right_value or "").strip()
    wrong = [
        (bool(unknown), "a purpose is not known", f"one of {', '.join(PURPOSES)}"),
        (bool(wish.purposes) and kind not in (*REFUSED, "lift"), f"a request to {kind} has no purposes", "leave them out"),
        (kind == "correct" and wish.attribute not in ATTRIBUTES, "it does not say which attribute is wrong", f"one of {', '.join(ATTRIBUTES)}"),
        (kind == "correct" and not 0 < len(value) <= LONGEST, "it does not say what is right", f"give --to, at most {LONGEST} characters"),
        (kind == "correct" and not value.isprintable(), "what is right holds control characters", "give plain text"),
        (kind != "correct" and bool(wish.attribute or wish.right_value), f"a request to {kind} corrects nothing", "leave --attribute and --to out"),
        (wish.language is not None and not re.fullmatch(LANGUAGE, wish.language), "the language is no tag", "such as en or zh"),
    ]  # fmt: skip
    for is_wrong, found, remedy in wrong:
        if is_wrong:
            raise RequestProblem(found, "the request", remedy)


def plain(attribute: str, value: str) -> str:
    """A value as two writings of it are compared: digits of a number, small letters of all else."""
    return re.sub(r"[^0-9]", "", value) if attribute == "phone" else value.strip().lower()


def wrong_value_of(key: bytes, attribute: str, value: str) -> str:
    """The keyed hash of a value that a person calls wrong, as she writes it."""
    return pseudonym(key, "wrong stated", attribute, plain(attribute, value))


def enter(con: duckdb.DuckDBPyConnection, key: bytes, request_id: str, wish: Wish) -> None:
    """Keep the wish of a request, if it has one."""
    if wish == NO_WISH:
        return
    wrong = wish.wrong_pseudonym
    if wish.wrong_value and wish.attribute:
        wrong = wrong_value_of(key, wish.attribute, wish.wrong_value)
    con.execute(
        "insert into rights_wishes values (?, ?, ?, ?, ?, ?)",
        [request_id, list(wish.purposes) or None, wish.language, wish.attribute, (wish.right_value or "").strip() or None, wrong],
    )  # fmt: skip


def wish_of(con: duckdb.DuckDBPyConnection, request_id: str) -> Wish:
    """What a request asks, as state has it."""
    rows = con.execute(
        "select purposes, language, attribute, right_value, wrong_pseudonym from rights_wishes where request_id = ?",
        [request_id],
    ).fetchall()
    if not rows:
        return NO_WISH
    purposes, language, attribute, right_value, wrong = rows[0]
    return Wish(tuple(purposes or ()), language, attribute, right_value, None, wrong)


def forget(con: duckdb.DuckDBPyConnection, request_ids: Sequence[str]) -> None:
    """Values of requests that are done, or whose person is gone, leave the ledger."""
    con.execute(
        "update rights_wishes set right_value = null, wrong_pseudonym = null where request_id in (select unnest(?::varchar[]))",
        [list(request_ids)],
    )
