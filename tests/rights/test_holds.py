"""Holds: what may be held, and when a hold that was carried out has ended."""

from __future__ import annotations

from datetime import date

import pytest

from cdp_assets.rights import holds, requests
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

TODAY = date(2026, 7, 1)


def test_what_a_contract_lets_be_may_be_held_and_nothing_else(settings: Settings) -> None:
    holds.check(settings, [])
    holds.check(
        settings, [requests.read_hold("shopify.orders: tax"), requests.read_hold("shopify.orders.email: tax")]
    )
    for hold, found in (
        ("nowhere.orders: tax", "no table"),
        ("shopify.nothing: tax", "no table"),
        ("loyalty.members: tax", "only a person"),
        ("shopify.orders.currency: tax", "no column of a person"),
    ):
        with pytest.raises(RequestProblem, match=found):
            holds.check(settings, [requests.read_hold(hold)])


def test_a_hold_has_ended_the_day_after_its_last_until_what_it_held_is_gone(settings: Settings) -> None:
    with connect_state(settings) as con:
        con.executemany(
            "insert into rights_holds values (?, 'shopify.orders', ?, 'tax', ?)",
            [
                ("over", "email", date(2026, 6, 30)), ("over", "billing_name", date(2026, 6, 29)),
                ("too", "email", date(2026, 6, 1)),
                ("last day", "email", TODAY), ("for ever", "email", None), ("whole table", None, date(2026, 6, 30)),
                ("not carried out", "email", date(2026, 6, 30)),
            ],
        )  # fmt: skip
        carried = ("over", "too", "last day", "for ever", "whole table")
        con.executemany(
            "insert into rights_suppressed values (?, 'pseudonym')", [(each,) for each in carried]
        )
    assert holds.ended(settings, TODAY) == ["over", "too"]
    with connect_state(settings) as con:
        con.executemany(
            "insert into rights_events values (?, ?, ?, ?, 'onefold', null)",
            [
                ("1", "over", "2026-06-30 02:00:00", holds.ENDED),  # of the column whose day was the day before
                ("2", "too", "2026-06-30 02:00:00", "taken"),
                ("3", "last day", "2026-07-01 02:00:00", holds.ENDED),
            ],
        )  # fmt: skip
    assert holds.ended(settings, TODAY) == ["over", "too"]
    with connect_state(settings) as con:
        con.execute(
            "insert into rights_events values ('4', 'over', '2026-07-01 02:00:00', ?, 'onefold', null)",
            [holds.ENDED],
        )
    assert holds.ended(settings, TODAY) == ["too"]
    assert holds.ended(settings, date(2026, 7, 2)) == ["last day", "too"]
