"""Conversions back: net, after the return window, with consent, once; adjusted where the platform takes it."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation.account import list_statuses
from cdp_assets.activation.answers import Answer, take_answers
from cdp_assets.activation.destination import SHIPPED
from cdp_assets.activation.night import Report, run_activation
from cdp_assets.settings import Settings
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.platforms import Platforms, sha256_of
from tests.activation.test_story import project


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    settings.project = project(tmp_path, {}, {})
    for name in ("google_events", "meta_conversions", "tiktok_events"):
        shutil.copy(SHIPPED / f"{name}.yaml", settings.project / "destinations")
    return settings


def order(number: int, days_ago: int, **more: Any) -> dict[str, Any]:
    return {"order_id": f"o{number}", "on": AS_OF - timedelta(days=days_ago), "net": 10} | more


def people() -> list[Person]:
    return [
        Person("a", [("email", "A@example.com"), ("phone", "+12025550101")],
               orders=[order(1, 20), order(2, 5), order(3, 300), order(4, 20, net=0), order(5, 40, net=7), order(6, 20, is_conversion=False)]),
        Person("b", [("email", "b@example.com")], allowed=frozenset({"marketing"}), orders=[order(7, 20)]),
        Person("c", [("email", "c@example.com")], orders=[order(8, 21)]),
    ]  # fmt: skip


def night(settings: Settings, found: list[Person], day: int = 0) -> Report:
    publish(settings, found, AS_OF + timedelta(days=day))
    return run_activation(settings)


def waiting(settings: Settings, name: str) -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
    return [
        (said, batch, json.loads((said["folder"] / batch["file"]).read_text()))
        for said, batch in Platforms(settings.home).waiting()
        if said["destination"] == name
    ]


def answer(settings: Settings, status: str = "accepted") -> set[str]:
    answers = [
        {"home": said["home"], "batch": batch["batch"], "sha256": batch["sha256"], "status": status}
        for said, batch in Platforms(settings.home).waiting()
    ]
    return {
        each.outcome for each in take_answers(settings, [Answer.model_validate(each) for each in answers])
    }


def test_what_goes_back_and_what_does_not(home: Settings) -> None:
    report = night(home, people())
    meta = next(each for each in report.lists if each.destination == "meta_conversions")
    assert {step.name: step.left_out for step in meta.steps} == {
        "all": 0, "too old": 1, "in the return window": 1, "returned": 1, "consent": 1,
    }  # fmt: skip
    assert meta.member_count == 3
    (said, batch, sent), *more = waiting(home, "meta_conversions")
    assert not more
    assert [each["event_id"] for each in sent["data"]] == ["shop:o1", "shop:o5", "shop:o8"]
    first = sent["data"][0]
    assert first["action_source"] == "physical_store"
    assert first["custom_data"] == {"value": 10.00, "currency": "USD", "order_id": "o1"}
    assert first["user_data"] == {"em": [sha256_of("a@example.com")], "ph": [sha256_of("12025550101")]}
    assert (batch["rows"], said["kind"]) == (3, "conversion")
    google = waiting(home, "google_events")[0][2]
    assert google["encoding"] == "HEX"
    identifiers = google["events"][0]["userData"]["userIdentifiers"]
    assert identifiers == [
        {"emailAddress": sha256_of("a@example.com")},
        {"phoneNumber": sha256_of("+12025550101")},
    ]
    assert google["events"][0]["eventTimestamp"].endswith("T00:00:00Z")
    tiktok = waiting(home, "tiktok_events")[0][2]
    assert [each["event_id"] for each in tiktok["data"]] == [
        "shop:o1",
        "shop:o8",
    ]  # 40 days are too old there


def test_an_event_goes_once_and_a_later_refund_is_adjusted_where_it_can_be(home: Settings) -> None:
    found = people()
    night(home, found)
    assert night(home, found).file_count == 0  # waits, and is not proposed twice
    assert answer(home) == {"accepted"}
    assert night(home, found).file_count == 0
    found[0].orders[0]["net"], found[2].orders[0]["net"] = 4, 0
    assert night(home, found).file_count == 1
    adjusted = waiting(home, "google_events")[0][2]["conversionAdjustments"]
    on = "2026-06-30 12:00:00+00:00"
    value = {"adjustedValue": 4, "currencyCode": "USD"}
    assert adjusted == [
        {
            "orderId": "shop:o1",
            "adjustmentType": "RESTATEMENT",
            "adjustmentDateTime": on,
            "restatementValue": value,
        },
        {
            "orderId": "shop:o8",
            "adjustmentType": "RETRACTION",
            "adjustmentDateTime": on,
        },  # a value would be an error
    ]
    assert answer(home) == {"accepted"}
    assert night(home, found).file_count == 0


def test_a_refund_while_an_event_waits_changes_what_goes(home: Settings) -> None:
    """Where nothing can be taken back, what waits goes with what the order is worth now; where it can, the ledger's amount goes and is adjusted."""
    found = people()
    night(home, found)
    found[0].orders[0]["net"], found[2].orders[0]["net"] = 4, 0
    night(home, found)
    for name in ("meta_conversions", "tiktok_events"):
        (_, _, sent), *more = waiting(home, name)
        assert not more
        worth = {
            each["event_id"]: (each.get("custom_data") or each["properties"])["value"]
            for each in sent["data"]
        }
        assert worth == {"shop:o1": 4} | ({"shop:o5": 7} if name == "meta_conversions" else {})
    assert answer(home) == {"accepted"}
    night(home, found)
    (_, _batch, sent), *more = waiting(home, "google_events")
    assert not more
    assert [each["adjustmentType"] for each in sent["conversionAdjustments"]] == ["RESTATEMENT", "RETRACTION"]
    assert answer(home) == {"accepted"}
    assert night(home, found).file_count == 0


def test_what_goes_again_keeps_the_amount_that_may_be_there_and_is_adjusted(home: Settings) -> None:
    """Uploaded, and the answer is lost; one withdraws, another gives goods back: the platform tells equal events by their ids, and drops the second."""
    found = people()
    night(home, found)
    found[2].allowed = frozenset()
    found[0].orders[0]["net"] = 4
    night(home, found)
    (_, _, sent), *_ = waiting(home, "google_events")
    assert {each["transactionId"]: each["conversionValue"] for each in sent["events"]}["shop:o1"] == 10
    answer(home)
    night(home, found)
    assert waiting(home, "google_events")[0][2]["conversionAdjustments"][0]["restatementValue"] == {
        "adjustedValue": 4,
        "currencyCode": "USD",
    }


def test_conversions_that_are_no_longer_brought_back_wait_no_longer(home: Settings) -> None:
    night(home, people())
    (home.project_dir / "destinations" / "meta_conversions.yaml").unlink()
    (home.project_dir / "destinations" / "tiktok_events.yaml").write_text("title: [broken")
    night(home, people())
    assert {said["destination"] for said, _ in Platforms(home.home).waiting()} == {"google_events"}


def test_a_withdrawn_consent_withdraws_what_waits(home: Settings) -> None:
    found = people()
    night(home, found)
    found[2].allowed = frozenset()
    night(home, found)
    for name in ("meta_conversions", "google_events", "tiktok_events"):
        said = [str(content) for _, _, content in waiting(home, name)]
        assert len(said) == 1
        assert "shop:o8" not in said[0]
        assert "shop:o1" in said[0]


def test_what_waits_too_long_is_withdrawn_before_it_fails_a_whole_request(home: Settings) -> None:
    found = people()
    night(home, found)
    night(home, found, 30)  # 40 + 30 days: beyond what any of them takes
    sent = [
        str(content)
        for name in ("meta_conversions", "google_events")
        for _, _, content in waiting(home, name)
    ]
    assert sent
    assert not any("shop:o5" in each for each in sent)


def test_refused_events_go_again(home: Settings) -> None:
    night(home, people())
    assert answer(home, "refused") == {"refused"}
    assert night(home, people()).file_count == 3


def test_single_events_that_were_refused_are_told_with_their_reasons(home: Settings) -> None:
    night(home, people())
    said, batch, _ = waiting(home, "meta_conversions")[0]
    refused = [{"key": "shop:o1", "reason": "too old"}, {"key": "shop:o5", "reason": "too old"}]
    taken = take_answers(
        home,
        [Answer(home=said["home"], batch=batch["batch"], sha256=batch["sha256"], refused=refused)],  # type: ignore[arg-type]
    )
    assert [(each.outcome, each.words) for each in taken] == [
        ("accepted", "2 events were refused: too old (2)")
    ]
    notes = {each.destination: each.notes for each in list_statuses(home)}
    assert notes["meta_conversions"] == ["2 events were refused: too old (2)"]


def test_shipped_conversions_are_examples(settings: Settings, tmp_path: Path) -> None:
    settings.project = project(tmp_path, {}, {})
    assert night(settings, people()).lists == []
