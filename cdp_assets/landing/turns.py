"""Verification in turn: what is stored and not read by every build is hashed again within thirty runs, one thirtieth each."""

from __future__ import annotations

import duckdb

VERIFIED_WITHIN = 30  # runs


def next_turn(con: duckdb.DuckDBPyConnection) -> None:
    """Begin a run's turn."""
    con.execute("update verification_turns set turn = turn + 1")


def turn_of(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the run's turn."""
    ((turn,),) = con.execute("select turn from verification_turns").fetchall()
    return int(turn)


def is_in_turn(sha256: str, turn: int) -> bool:
    """Whether a file of this hash is verified in that turn: the hash spreads files evenly, and needs no memory."""
    return int(sha256[:8], 16) % VERIFIED_WITHIN == turn % VERIFIED_WITHIN
