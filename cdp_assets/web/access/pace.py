"""How often somebody may do something within a quarter of an hour: signing in, searching, seeing in clear, querying, exporting.

Counted in web.sqlite, so for all workers together. What is limited is said where it is done.
"""

from __future__ import annotations

import time

from cdp_assets.settings import Settings
from cdp_assets.web.access.store import opened

WITHIN = 900.0  # seconds


def is_over(settings: Settings, *whose: str, most: int) -> bool:
    """Whether one of these has used up what it may; if none has, this try counts for each of them."""
    now = time.time()
    with opened(settings) as con:
        con.execute("begin immediate")  # tries at the same moment count one by one
        con.execute("delete from attempts where at < ?", (now - WITHIN,))
        for each in whose:
            (count,) = con.execute("select count(*) from attempts where who = ?", (each,)).fetchone()
            if count >= most:
                return True
        con.executemany("insert into attempts values (?, ?)", [(each, now) for each in whose])
    return False


def forget(settings: Settings, whose: str) -> None:
    """All tries of one no longer count."""
    with opened(settings) as con:
        con.execute("delete from attempts where who = ?", (whose,))


def forget_last(settings: Settings, whose: str) -> None:
    """The latest try of one no longer counts."""
    with opened(settings) as con:
        con.execute(
            "delete from attempts where rowid = (select max(rowid) from attempts where who = ?)", (whose,)
        )
