"""Originals and quarantined rows go when the contract's retention ends; what landed and the ledger stay."""

from __future__ import annotations

from datetime import date, timedelta

from cdp_assets.landing import Expired, expire
from cdp_assets.landing.contract import ChannelContract, ServiceLevel
from cdp_assets.landing.replay import replay_quarantine
from cdp_assets.landing.stored import verify_landing
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, land, landed, quarantined, query_state


def landed_on(settings: Settings) -> date:
    """The day that the ledger says, also where midnight fell in the middle of a test."""
    return query_state(settings, "select max(landed_at)::date from loads")[0][0]


def test_what_is_past_its_retention_is_removed_once(settings: Settings) -> None:
    contracts = contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer"})
    deliver(settings, "shop/a.csv", "id,n\n1,1\n2,x\n")
    land(settings, contracts)
    today = landed_on(settings)
    assert expire(settings, contracts, today + timedelta(days=400)) == Expired()
    contracts["shop"].sla_properties.append(ServiceLevel(property="retention", value=30, unit="d"))
    assert expire(settings, contracts, today + timedelta(days=30)) == Expired()
    assert len(quarantined(settings, "shop", "sales")) == 1
    assert expire(settings, contracts, today + timedelta(days=31)) == Expired(originals=1, quarantines=1)
    assert expire(settings, contracts, today + timedelta(days=31)) == Expired()
    assert not any(path.is_file() for path in settings.originals_dir.rglob("*"))
    assert verify_landing(settings) == [], "what its retention ended is not missed"
    assert landed(settings, "shop", "sales", "id") == [("1",)]
    assert land(settings, contracts).exports[0].files_known == 1
    report = replay_quarantine(settings, "shop", "replay", contract=contracts["shop"])
    assert (report.loads, report.lost_originals) == (0, ["a.csv"])


def _many(settings: Settings, count: int) -> dict[str, ChannelContract]:
    contracts = contract_of({}, {"name": "id"})
    contracts["shop"].sla_properties.append(ServiceLevel(property="retention", value=30, unit="d"))
    for number in range(count):
        deliver(settings, f"shop/{number}.csv", f"id\n{number}\n")
    land(settings, contracts)
    return contracts


def test_a_clock_of_another_year_removes_nothing(settings: Settings) -> None:
    contracts = _many(settings, 1)
    today = landed_on(settings)
    assert expire(settings, contracts, today + timedelta(days=4000), lambda: today) == Expired()
    assert expire(settings, contracts, today + timedelta(days=4000), lambda: None) == Expired()
    later = today + timedelta(days=31)
    assert expire(settings, contracts, later, lambda: later) == Expired(originals=1)


def test_a_large_expiry_asks_and_is_recorded_when_accepted(settings: Settings) -> None:
    contracts = _many(settings, 11)
    later = landed_on(settings) + timedelta(days=31)
    assert expire(settings, contracts, later) == Expired(waiting=11)
    assert len(list(settings.originals_dir.glob("*/*"))) == 11
    accepted = settings.model_copy(update={"accept_expiry": True})
    assert expire(accepted, contracts, later) == Expired(originals=11)
    assert query_state(settings, "select event, detail from home_events") == [
        ("expiry_accepted", "11 of 11 originals were past their retention")
    ]


def test_an_original_stays_while_another_load_of_its_bytes_is_retained(settings: Settings) -> None:
    contracts = _many(settings, 1)
    other = contract_of({}, {"name": "id"}, channel="other")
    deliver(settings, "other/0.csv", "id\n0\n")
    land(settings, contracts | other)
    later = landed_on(settings) + timedelta(days=31)
    assert expire(settings, contracts | other, later) == Expired()
    assert len(list(settings.originals_dir.glob("*/*"))) == 1
