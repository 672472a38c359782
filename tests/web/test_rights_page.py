"""The privacy officer's pages: what they show comes from what rights wrote, what is decided goes to the inbox, and nobody is named in clear."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets import audit
from cdp_assets.home import prepare_home
from cdp_assets.keys import load_key
from cdp_assets.rights import answers, inbox, requests, showing
from cdp_assets.rights.requests import Identity, NewRequest
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.web.conftest import Reader

HOSTILE = '"><img src=x onerror=alert(1)>'
ROSA = "rosa.canary@example.test"


@pytest.fixture
def office(published: Settings) -> Reader:
    """A site whose ledger has one overdue request, of 2020."""
    showing.path_of(published).unlink()
    migrate(published)
    with connect_state(published) as con:
        requests.take(
            con, load_key(published), NewRequest("erase", [Identity("email", ROSA)], received_at=datetime(2020, 1, 31)), actor="lee"
        )  # fmt: skip
    showing.show(published)
    return Reader(published)


def only_request(settings: Settings) -> dict[str, Any]:
    (found,) = showing.read(settings)["requests"]
    return dict(found)


def everything_in(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_the_list_says_what_is_overdue(office: Reader) -> None:
    page = office.get("/rights")
    assert page.status_code == 200 and "29 Feb 2020" in page.text and "Overdue: 1" in page.text
    assert ROSA not in page.text


def test_a_request_of_the_page_is_in_the_ledger_after_the_next_start_and_in_no_file_in_clear(
    office: Reader,
) -> None:
    settings = office.settings
    office.get("/rights")
    sent = {"kind": "correct", "type1": "email", "value1": ROSA, "jurisdiction": "gdpr", "received": "2026-01-31", "attribute": "city",
            "right_value": "Oakland", "wrong_value": "Okland Wrong", "verified": "passport seen"}  # fmt: skip
    assert office.post("/rights/take", sent).status_code == 303
    written = everything_in(settings.home / inbox.FOLDER)
    assert ROSA not in written and "Okland Wrong" not in written
    (waiting,) = inbox.waiting(settings)
    assert audit.read(settings)[0].facts["request_id"] == inbox.request_id_of(waiting.decision_id)
    assert any("to correct is taken" in line for line in prepare_home(settings))
    assert not inbox.waiting(settings)
    with connect_state(settings, read_only=True) as con:
        taken = requests.find(con, inbox.request_id_of(waiting.decision_id))
        (kept,) = con.execute("select right_value, wrong_pseudonym from rights_wishes").fetchall()
    assert (taken.kind, taken.is_verified, kept[0]) == ("correct", True, "Oakland") and len(kept[1]) == 32
    assert b"Okland Wrong" not in settings.state_path.read_bytes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value1": ""}, "identity"),
        ({"value1": "no address"}, "identity"),
        ({"type2": "phone", "value2": "12"}, "identity"),
        ({"kind": "forget"}, "request"),
        ({"received": "2999-01-01"}, "request"),
        ({"kind": "correct"}, "request_problem"),
        ({"hold": "a tax record"}, "request_problem"),
    ],
)
def test_a_request_that_says_too_little_is_refused_and_nothing_is_written(
    office: Reader, change: dict[str, str], code: str
) -> None:
    office.get("/rights")
    sent = {
        "kind": "erase",
        "type1": "email",
        "value1": ROSA,
        "jurisdiction": "gdpr",
        "received": "2026-01-31",
    }
    answer = office.post("/rights/take", sent | change)
    assert answer.status_code == 400 and ROSA not in answer.text
    assert not inbox.waiting(office.settings)
    assert code  # named in the parameters for the reader of a failure


def test_a_request_is_verified_extended_and_refused_by_decisions(office: Reader) -> None:
    settings = office.settings
    path = f"/rights/{only_request(settings)['request_id']}"
    office.get(path)
    assert office.post(f"{path}/run").status_code == 400  # it is not sure who asks
    assert office.post(f"{path}/change", {"to": "extend", "because": ""}).status_code == 400
    for to in ("verified", "extend"):
        assert office.post(f"{path}/change", {"to": to, "because": "called back"}).status_code == 303
    shown = office.get(path).text
    assert "Change" in shown and 'value="extend"' not in shown  # its time was over in 2020
    prepare_home(settings)
    request = only_request(settings)
    assert request["is_verified"] and request["due_date"] == "2020-02-29"
    assert any(
        event == "not_done" and "its time was over" in detail for _, event, _, detail in request["events"]
    )
    with connect_state(settings) as con:
        con.execute("update rights_requests set received_at = now()::timestamp, due_date = current_date + 20")
    showing.show(settings)
    assert 'value="extend"' in office.get(path).text
    assert office.post(f"{path}/change", {"to": "extend", "because": "many records"}).status_code == 303
    prepare_home(settings)
    assert only_request(settings)["is_extended"]
    office.post(f"{path}/change", {"to": "refuse", "because": "not hers"})
    prepare_home(settings)
    assert only_request(settings)["status"] == "refused"
    assert office.post(f"{path}/change", {"to": "refuse", "because": "again"}).status_code == 400
    assert "Fetch the receipt" in office.get(path).text
    receipt = office.post(f"{path}/receipt")
    assert receipt.headers["content-type"].startswith("application/json")
    assert receipt.json()["extensions"]["onefold"]["outcome"] == "not hers"
    for unknown in ("/rights/nobody/receipt", "/rights/..%2f..%2fkey/receipt", "/rights/%2e%2e/receipt"):
        assert office.post(unknown).status_code in (400, 404)


def test_records_joined_by_score_are_decided_side_by_side(office: Reader) -> None:
    """What the page shows of them is masked, and only a record that was shown may be decided."""
    settings = office.settings
    content = showing.read(settings)
    request = content["requests"][0]
    line = {"attribute": "email", "hers": "r…t", "other": "r…t", "agreement": "equal"}
    request["found"] = {
        "at": "2026-01-31T00:00:00+00:00", "generation": "g000007", "seen_in": "g000008", "records": 1, "customers": 1, "stores": {"state.duckdb: main.rulings": 3},
        "by_score": [{"record_key": "a" * 32, "channel": "loyalty", "beside_key": "b" * 32, "beside_channel": "shopify", "compared": [line]}],
    }  # fmt: skip
    showing.path_of(settings).write_text(json.dumps(content), encoding="utf-8")
    path = f"/rights/{request['request_id']}"
    page = office.get(path).text
    assert "in generation g000007" in page and "still covers the same records" in page
    assert "r…t" in page and "state.duckdb: main.rulings" in page and "loyalty" in page
    assert office.post(f"{path}/confirm", {"record_key": "c" * 32, "is_hers": "yes"}).status_code == 400
    assert office.post(f"{path}/confirm", {"record_key": "a" * 32, "is_hers": "no"}).status_code == 303
    prepare_home(settings)
    assert only_request(settings)["confirmed"] == {"a" * 32: False}


def test_who_takes_requests_does_not_carry_them_out(published: Settings) -> None:
    migrate(published)
    guarded = replace_sign_in(published)
    desk, officer, analyst = (
        signed_in(guarded, role) for role in ("service_desk", "privacy_officer", "analyst")
    )
    assert [each.get("/rights").status_code for each in (desk, officer, analyst)] == [200, 200, 403]
    assert [each.post("/rights/x/run").status_code for each in (desk, officer)] == [403, 400]
    assert [each.post("/rights/x/receipt").status_code for each in (desk, officer, analyst)] == [400, 400, 403]  # fmt: skip


ZIP = b"PK\x03\x04 her answer"


@pytest.fixture
def answered(published: Settings) -> tuple[Settings, str]:
    """A guarded site with one answer that was not fetched; and its address."""
    migrate(published)
    with connect_state(published) as con:
        asked = requests.take(
            con, load_key(published), NewRequest("access", [Identity("email", ROSA)], is_verified=True), actor="lee"
        )  # fmt: skip
        requests.verify_person(con, asked.request_id, actor="lee", how=HOSTILE)
        requests.set_status(con, asked.request_id, "completed", actor="lee", outcome=HOSTILE)
        con.execute(
            "insert into rights_answers values (?, ?, ?, now()::timestamp, now()::timestamp + interval 1 day, null, null, null)",
            [asked.request_id, f"{asked.request_id}.zip", hashlib.sha256(ZIP).hexdigest()],
        )
    (answers.folder(published) / f"{asked.request_id}.zip").write_bytes(ZIP)
    showing.show(published)
    return replace_sign_in(published), f"/rights/{asked.request_id}"


def test_an_answer_is_handed_to_the_officer_alone(answered: tuple[Settings, str]) -> None:
    settings, path = answered
    desk, officer, analyst = (
        signed_in(settings, role) for role in ("service_desk", "privacy_officer", "analyst")
    )
    assert [each.get(path).status_code for each in (desk, officer, analyst)] == [200, 200, 403]
    assert "Fetch the answer" in officer.get(path).text and "Fetch the answer" not in desk.get(path).text
    refused = [
        *(each.post(f"{path}/answer") for each in (desk, analyst)),
        officer.post(f"{path}/answer", token=""),
        officer.post(f"{path}/answer", token=desk.token),  # another's form
        officer.get(f"{path}/answer"),
        replace(officer, headers={**officer.headers, "Origin": "https://evil.test"}).post(f"{path}/answer"),
        replace(officer, headers={}).post(f"{path}/answer"),
        *(officer.post(f"/rights/{each}/answer") for each in ("nobody", "..%2f..%2fkey", "%2e%2e", "a/../b")),
    ]
    assert all(
        each.status_code in (303, 400, 401, 403, 404) and ZIP not in each.content for each in refused
    ), [each.status_code for each in refused]
    assert not inbox.waiting(settings), "nothing was noted as fetched"
    officer.get(path)
    handed = officer.post(f"{path}/answer")
    assert handed.content == ZIP and "attachment" in handed.headers["content-disposition"]
    assert "no-store" in handed.headers["cache-control"]
    assert [each.content["action"] for each in inbox.waiting(settings) if each.content] == ["fetched"]


@pytest.mark.parametrize("change", ["expired", "changed", "elsewhere", "gone"])
def test_an_answer_that_is_over_or_not_what_was_written_is_not_handed_out(
    answered: tuple[Settings, str], change: str
) -> None:
    settings, path = answered
    file = settings.home / "answers" / f"{path.rpartition('/')[2]}.zip"
    content = showing.read(settings)
    told = content["requests"][0]["answer"]
    if change == "expired":
        told["expires_at"] = "2020-01-01 00:00:00"
    elif change == "elsewhere":
        told |= {"file_name": "../key", "sha256": hashlib.sha256(b"secret").hexdigest()}
        (settings.home / "key").write_bytes(b"secret")
    elif change == "changed":
        file.write_bytes(ZIP + b" and another's")
    else:
        file.unlink()
    showing.path_of(settings).write_text(json.dumps(content), encoding="utf-8")
    officer = signed_in(settings, "privacy_officer")
    officer.get(path)
    answer = officer.post(f"{path}/answer")
    assert answer.status_code == 400 and b"secret" not in answer.content and ZIP not in answer.content
    assert not inbox.waiting(settings)


def test_what_people_write_is_text_on_the_page(answered: tuple[Settings, str]) -> None:
    settings, path = answered
    officer = signed_in(settings, "privacy_officer")
    assert all("<img src=x" not in officer.get(each).text for each in (path, "/rights"))
    assert "&lt;img src=x" in officer.get(path).text
    officer.get("/rights")
    hostile = {
        "kind": HOSTILE,
        "type1": HOSTILE,
        "value1": HOSTILE,
        "jurisdiction": HOSTILE,
        "received": HOSTILE,
    }
    assert "<img src=x" not in officer.post("/rights/take", hostile).text


def replace_sign_in(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"web_sign_in": "header", "web_trusted_proxies": "127.0.0.1", "web_group_roles": "service_desk=service_desk,"
                "privacy_officer=privacy_officer,analyst=analyst"}
    )  # fmt: skip


def signed_in(settings: Settings, role: str) -> Reader:
    return replace(Reader(settings), headers={"X-Forwarded-User": role, "X-Forwarded-Groups": role})
