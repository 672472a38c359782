"""Originals and quarantined rows go when the contract's retention ends; what landed and the ledger stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cdp_assets.landing import Expired, expire
from cdp_assets.landing.contract import ServiceLevel
from cdp_assets.landing.replay import replay_quarantine
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, land, landed, quarantined


def test_what_is_past_its_retention_is_removed_once(settings: Settings) -> None:
    contracts = contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer"})
    deliver(settings, "shop/a.csv", "id,n\n1,1\n2,x\n")
    land(settings, contracts)
    today = datetime.now(UTC).date()
    assert expire(settings, contracts, today + timedelta(days=400)) == Expired()
    contracts["shop"].sla_properties.append(ServiceLevel(property="retention", value=30, unit="d"))
    assert expire(settings, contracts, today + timedelta(days=30)) == Expired()
    assert len(quarantined(settings, "shop", "sales")) == 1
    assert expire(settings, contracts, today + timedelta(days=31)) == Expired(originals=1, quarantines=1)
    assert expire(settings, contracts, today + timedelta(days=31)) == Expired()
    assert not any(path.is_file() for path in settings.originals_dir.rglob("*"))
    assert landed(settings, "shop", "sales", "id") == [("1",)]
    assert land(settings, contracts).exports[0].files_known == 1
    report = replay_quarantine(settings, "shop", "replay", contract=contracts["shop"])
    assert (report.loads, report.lost_originals) == (0, ["a.csv"])
