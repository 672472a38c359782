"""The ledger of requests: what is due when, who is kept only as keyed hashes, and files of requests."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.commands import rights as commands
from cdp_assets.keys import load_key
from cdp_assets.rights import (
    certificate,
    deadlines,
    erasure,
    importing,
    receipts,
    refusals,
    requests,
    upkeep,
    verifying,
)
from cdp_assets.rights.requests import Identity, NewRequest, RequestProblem
from cdp_assets.rights.traces import Traces, united
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.rights import small_home as small

ROSA = "Rosa.Canary@example.test"


def take(settings: Settings, **facts: Any) -> requests.Request:
    given: dict[str, Any] = {
        "kind": "erase",
        "identities": [Identity("email", ROSA)],
        "received_at": datetime(2026, 1, 31),
    }
    new = NewRequest(**given | facts)
    with connect_state(settings) as con:
        return requests.take(con, load_key(settings), new, actor="officer")


@pytest.mark.parametrize(
    ("kind", "jurisdiction", "due", "extended"),
    [
        ("erase", "gdpr", date(2026, 2, 28), date(2026, 4, 30)),
        ("access", "ccpa", date(2026, 3, 17), date(2026, 5, 1)),
        ("opt-out", "ccpa", date(2026, 2, 20), None),
    ],
)
def test_a_request_is_due_when_its_law_says(
    kind: str, jurisdiction: str, due: date, extended: date | None
) -> None:
    assert deadlines.due_date(kind, jurisdiction, date(2026, 1, 31)) == due
    if extended:
        assert deadlines.extended_date(kind, jurisdiction, date(2026, 1, 31)) == extended
    else:
        with pytest.raises(RequestProblem, match="cannot be extended"):
            deadlines.extended_date(kind, jurisdiction, date(2026, 1, 31))


def test_state_keeps_no_identity_in_clear(settings: Settings) -> None:
    taken = take(
        settings,
        identities=[
            Identity("email", ROSA),
            Identity("phone", "+14155550101"),
            Identity("record", "shopify/7001"),
        ],
    )
    kinds = [kind for kind, _ in taken.identities]
    assert list(dict.fromkeys(kinds)) == ["email", "phone", "record"]
    assert kinds.count("phone") > 1  # as files write it without its country code, too
    content = settings.state_path.read_bytes()
    with connect_state(settings, read_only=True) as con:
        everything = str(con.execute("select * from rights_identities").fetchall())
    for value in (ROSA, ROSA.lower(), "4155550101", "7001"):
        assert value.encode() not in content and value not in everything


def test_requests_that_say_nothing_or_the_unknown_are_refused(settings: Settings) -> None:
    for facts, found in (
        ({"identities": []}, "names nobody"),
        ({"kind": "forget"}, "not known"),
        ({"jurisdiction": "moon"}, "not known"),
        ({"identities": [Identity("shoe_size", "42")]}, "not known"),
        ({"identities": [Identity("phone", "12")]}, "can be read"),
    ):
        with pytest.raises(RequestProblem, match=found):
            take(settings, **facts)
    taken = take(settings, request_id="abcdefgh-1")
    with pytest.raises(RequestProblem, match="already"):
        take(settings, request_id=taken.request_id)


def test_an_overdue_request_is_named_until_it_is_closed(settings: Settings) -> None:
    taken = take(settings)
    with connect_state(settings) as con:
        assert requests.overdue(con, date(2026, 2, 28)) == []
        assert [each.request_id for each in requests.overdue(con, date(2026, 3, 1))] == [taken.request_id]
        requests.extend(con, taken.request_id, actor="officer", reason="many records", on=date(2026, 2, 28))
        assert requests.overdue(con, date(2026, 4, 30)) == []
        with pytest.raises(RequestProblem, match="extended already"):
            requests.extend(con, taken.request_id, actor="officer", reason="again", on=date(2026, 2, 28))
        requests.set_status(con, taken.request_id, "refused", actor="officer", outcome="not hers")
        requests.set_status(con, taken.request_id, "in_progress", actor="officer")
        assert requests.find(con, taken.request_id).status == "refused"
        assert [event for _, event, _, _ in requests.history(con, taken.request_id)][:2] == [
            "received",
            "extended",
        ]


def test_a_hold_that_is_over_before_it_begins_is_refused(settings: Settings) -> None:
    for day, is_over in (("2026-01-30", True), ("2026-01-31", False)):
        hold = requests.read_hold(f"shopify.orders.billing_name until {day}: tax record")
        if is_over:
            with pytest.raises(RequestProblem, match="a hold ends before the request came"):
                take(settings, holds=[hold])
        else:
            take(settings, holds=[hold])


def test_a_time_that_is_over_is_not_extended(settings: Settings) -> None:
    """GDPR 12(3): the person is told of an extension within the month."""
    taken = take(settings)
    with connect_state(settings) as con:
        with pytest.raises(RequestProblem, match="its time was over on 2026-02-28"):
            requests.extend(con, taken.request_id, actor="officer", reason="late", on=date(2026, 3, 1))
        assert not requests.find(con, taken.request_id).is_extended


def test_days_are_counted_where_the_business_is(settings: Settings) -> None:
    """Received on the evening of 30 January there, which is the 31st in UTC: due on the 17th of March there, not a day later."""
    there = settings.model_copy(update={"business_time_zone": "America/Los_Angeles"})
    text = (
        "kind,email,jurisdiction,received\n"
        "access,a@x.test,ccpa,2026-01-31T04:00:00Z\naccess,b@x.test,ccpa,2026-01-30\nopt-out,c@x.test,ccpa,2026-01-31T04:00:00Z\n"
    )
    new = importing.read_requests(text, "a.csv", received_on=there.business_day)
    with connect_state(there) as con:
        taken = requests.take_all(con, load_key(there), new, actor="officer")
        assert [each.due_date for each in taken] == [date(2026, 3, 16), date(2026, 3, 16), date(2026, 2, 20)]
        extended = requests.extend(
            con,
            taken[0].request_id,
            actor="me",
            reason="many",
            on=date(2026, 3, 16),
            received_on=there.business_day,
        )
        assert extended.due_date == date(2026, 4, 30)
    auckland = settings.model_copy(update={"business_time_zone": "Pacific/Auckland"})
    for content in (text, json.dumps({"subject_request_type": "access", "submitted_time": "2026-01-30"})):
        on_days = importing.read_requests(
            content, "a", received_on=auckland.business_day, noon_of=auckland.business_noon
        )
        day_only = [each for each in on_days if each.received_on == date(2026, 1, 30)]
        assert [auckland.business_day(each.received_at) for each in day_only] == [date(2026, 1, 30)], (
            "a day is the day there, of thirteen hours ahead"
        )
    assert there.business_day(datetime(2026, 1, 31, 4)) == date(2026, 1, 30)
    assert there.business_day(there.business_noon(date(2026, 1, 30))) == date(2026, 1, 30)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("kind,email,email\nerase,a@x.test,b@x.test\n", "names a column twice"),
        ("kind,email,received\nerase,a@x.test,0001-01-01\n", "no RFC 3339 time"),
    ],
)
def test_a_file_that_could_mean_somebody_else_is_refused(content: str, found: str) -> None:
    with pytest.raises(RequestProblem, match=found):
        importing.read_requests(content, "a.csv")


def test_a_receipt_is_signed_in_the_shape_of_opendsr(settings: Settings) -> None:
    key, taken = load_key(settings), take(settings)
    document = receipts.receipt(key, taken, controller_id="shop")
    assert document["request_status"] == "pending"
    assert document["expected_completion_time"].startswith("2026-02-28")
    assert receipts.is_genuine(document, receipts.public_key(key))
    assert not receipts.is_genuine({**document, "controller_id": "other"}, receipts.public_key(key))
    assert not receipts.is_genuine(document, receipts.public_key(b"another-key-of-at-least-32-bytes!!"))
    assert ROSA.lower() not in json.dumps(document).lower()


def test_a_closed_request_has_a_receipt_that_says_what_became_of_it(settings: Settings) -> None:
    """Also where a process died before it wrote it: every start looks; and the same ledger gives the same bytes."""
    key, done, refused, still_open = load_key(settings), *(take(settings) for _ in range(3))
    assert upkeep.upkeep(settings) == [] and not receipts.path_of(settings, done.request_id).exists()
    with connect_state(settings) as con:
        requests.set_status(con, done.request_id, "completed", actor="officer", outcome="nobody found")
        requests.decide(con, refused.request_id, "refused", actor="officer", reason="manifestly unfounded")
    upkeep.upkeep(settings)
    said = {each: json.loads(receipts.path_of(settings, each).read_text()) for each in (done.request_id, refused.request_id)}  # fmt: skip
    assert not receipts.path_of(settings, still_open.request_id).exists()
    for request_id, status, outcome in (
        (done.request_id, "completed", "nobody found"),
        (refused.request_id, "cancelled", "manifestly unfounded"),
    ):
        document = said[request_id]
        assert document["request_status"] == status and document["subject_request_id"] == request_id
        assert document["extensions"]["onefold"]["outcome"] == outcome
        assert receipts.is_genuine(document, receipts.public_key(key))
    assert receipts.issue(settings) == []
    before = receipts.path_of(settings, done.request_id).read_bytes()
    receipts.path_of(settings, done.request_id).write_text("{")
    assert receipts.issue(settings) == [done.request_id]
    assert receipts.path_of(settings, done.request_id).read_bytes() == before


def test_opendsr_requests_are_read_and_what_cannot_be_is_named_by_place() -> None:
    asked = {
        "regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798", "subject_request_type": "erasure",
        "subject_identities": [{"identity_type": "email", "identity_value": ROSA, "identity_format": "raw"}],
        "submitted_time": "2026-01-31T09:00:00+01:00", "api_version": "2.0",
        "extensions": {"subject_identities": [{"identity_type": "phone", "identity_value": "+14155550101"}]},
    }  # fmt: skip
    (new,) = importing.read_requests(json.dumps(asked), "dsr.json")
    assert (new.kind, new.received_at, len(new.identities)) == ("erase", datetime(2026, 1, 31, 8), 2)
    hashed = {
        **asked,
        "subject_identities": [
            {"identity_type": "email", "identity_value": "ab", "identity_format": "sha256"}
        ],
    }
    for content, found in (
        (hashed, "given as sha256"),
        ({**asked, "subject_request_type": "gift"}, "not known"),
        ({**asked, "submitted_time": "soon"}, "RFC 3339"),
    ):
        with pytest.raises(RequestProblem, match=found) as problem:
            importing.read_requests(json.dumps([asked, content]), "dsr.json")
        assert "dsr.json, request 2" in str(problem.value)
        assert ROSA not in str(problem.value)


def test_identities_of_unknown_types_are_told_by_type_and_never_by_value(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Left out in silence, nobody would hear that she was not looked for by what she gave."""
    monkeypatch.setenv("ONEFOLD_KEY", load_key(settings).decode())

    def asked(number: int, *identities: tuple[str, str]) -> dict[str, Any]:
        given = [{"identity_type": kind, "identity_value": value} for kind, value in identities]
        return {"subject_request_id": f"a7551968-0{number}", "subject_request_type": "erasure", "subject_identities": given}  # fmt: skip

    file = tmp_path / "dsr.json"
    file.write_text(json.dumps([
        asked(1, ("email", ROSA), ("ios_advertising_id", "7A1F-SECRET"), ("ios_advertising_id", "7B1F-SECRET"), (ROSA, "x"), ("phone", "12")),
        asked(2, ("email", "ben@example.test")),
    ]))  # fmt: skip
    assert commands.import_requests(file, region=None, receipts_dir=None, home=settings.home, inbox=None) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "ios_advertising_id (2), of no readable type (1), phone (1)" in said
    assert "SECRET" not in said and ROSA not in said and "a7551968-02" not in said
    with connect_state(settings, read_only=True) as con:
        told = {
            each[0]: each[1] for each in con.execute("select event, detail from rights_events").fetchall()
        }
    assert told["not_read"] == "ios_advertising_id (2), of no readable type (1), phone (1)"
    file.write_text(json.dumps(asked(3, ("ios_advertising_id", "7A1F-SECRET"))))
    assert commands.import_requests(file, region=None, receipts_dir=None, home=settings.home, inbox=None) == 1
    refused = capsys.readouterr().out.replace("\n", " ")
    assert (
        "no identity of the request can be read: ios_advertising_id (1)" in refused
        and "SECRET" not in refused
    )


def test_csv_requests_come_in_all_or_none(settings: Settings) -> None:
    text = f"kind,email,phone,received\nerase,{ROSA},,2026-01-31\nopt-out,,+14155550101,\n"
    with connect_state(settings) as con:
        taken = requests.take_all(
            con, load_key(settings), importing.read_requests(text, "a.csv"), actor="officer"
        )
        assert [each.kind for each in taken] == ["erase", "opt-out"]
        assert [each.is_verified for each in taken] == [False, True]
        with pytest.raises(RequestProblem, match="request 2"):
            requests.take_all(
                con,
                load_key(settings),
                importing.read_requests("kind,email\nerase,a@x.test\nfly,b@x.test\n", "b.csv"),
                actor="o",
            )
        assert len(requests.listed(con)) == 2
    with pytest.raises(RequestProblem, match="unknown columns"):
        importing.read_requests("kind,shoe\nerase,42\n", "c.csv")


def test_a_list_of_hashes_of_unknown_normalisation_is_refused(settings: Settings, tmp_path: Path) -> None:
    with connect_state(settings) as con:
        assert len(requests.suppress_hashes(con, load_key(settings), ["ab" * 32], "email_lower")) == 1
        for digests, normalisation in (
            (["ab" * 32], "email_trimmed"),
            (["abc"], "email_lower"),
            ([], "email_trimmed"),
            ([], "email_lower"),
        ):
            with pytest.raises(RequestProblem):
                requests.suppress_hashes(con, load_key(settings), digests, normalisation)


def test_one_of_two_who_went_together_comes_back_alone(settings: Settings) -> None:
    """Each request lifts what is its own person's; what somebody else's request suppresses, too, stays, and so do orders."""
    key = load_key(settings)
    ann = Traces(
        record_keys=["a"], sources=[("shop", "11")], identifiers=[("email", "ann@example.test")], names=["Kim"],
        orders=[("shop", "o1")],
    )  # fmt: skip
    bea = Traces(
        record_keys=["b"],
        sources=[("shop", "12")],
        identifiers=[("email", "bea@example.test")],
        names=["Kim"],
    )
    both = united([ann, bea])
    with connect_state(settings) as con:
        asked = [
            requests.take(
                con, key, NewRequest("erase", [Identity("email", mail)]), actor="officer"
            ).request_id
            for mail in ("ann@example.test", "ann@example.test", "bea@example.test")
        ]
    begun = erasure.begin(
        settings, asked, both, actor="officer", by_request=dict(zip(asked, (ann, ann, bea), strict=True))
    )
    erasure._suppress(settings, begun, lambda _: None)
    with connect_state(settings) as con:
        stood = suppressed(con)
        assert stood == {hashed for _, hashed in both.suppressions(key)}
        # two requests of hers, and she comes back by either
        lifted = requests.readmit(con, asked[1], actor="officer", evidence="form 12")
        hers = {hashed for kind, hashed in ann.suppressions(key) if kind != "order"}
        his = {hashed for _, hashed in bea.suppressions(key)}
        assert suppressed(con) == stood - (hers - his) and lifted == len(hers - his)
        assert requests.readmit(con, asked[0], actor="officer", evidence="form 12") == 0


def suppressed(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("select identifier_pseudonym from suppressions").fetchall()}


def test_a_refusal_stands_since_the_first_of_her_records_said_so(settings: Settings) -> None:
    with connect_state(settings) as con:
        con.executemany(
            "insert into rights_refusals values (?, ?, ?, ?, ?, null)",
            [
                ("r1", "a", "marketing", "2026-01-05", None),
                ("r2", "b", "marketing", "2026-02-05", None),
                ("r3", "a", "profiling", "2026-01-01", "2026-01-02"),
                ("r4", "c", "profiling", "2026-01-01", None),
            ],
        )
        assert refusals.standing(con, ["a", "b"]) == [("marketing", "2026-01-05")]
        assert refusals.standing(con, []) == []


def test_an_id_that_begins_another_is_one_of_its_own(settings: Settings) -> None:
    shorter, longer = take(settings, request_id="abcdefgh"), take(settings, request_id="abcdefgh-1")
    with connect_state(settings) as con:
        assert requests.find(con, shorter.request_id).request_id == "abcdefgh"
        assert requests.find(con, "abcdefgh-").request_id == longer.request_id
        con.execute("delete from rights_requests where request_id = 'abcdefgh'")
        with pytest.raises(RequestProblem, match="no request"):
            requests.find(con, "")


@pytest.mark.parametrize("second", ["12,", f"+14155550102,{'a' * 8}"])
def test_a_file_that_stops_in_the_middle_leaves_nothing(settings: Settings, second: str) -> None:
    """A number that cannot be read, an id that is there already: known only when the request is entered."""
    text = f"kind,phone,request_id\nerase,+14155550101,{'b' * 8}\nerase,{second}\n"
    taken = take(settings, request_id="a" * 8)
    with connect_state(settings) as con:
        with pytest.raises(RequestProblem, match="request 2"):
            requests.take_all(con, load_key(settings), importing.read_requests(text, "a.csv"), actor="o")
        assert [each.request_id for each in requests.listed(con)] == [taken.request_id]
        assert con.execute("select distinct request_id from rights_identities").fetchall() == [("a" * 8,)]


@pytest.mark.parametrize(
    "content",
    [
        *(json.dumps({"subject_request_type": "erasure", "subject_identities": some}) for some in ("abc", ["abc"], {"a": 1}, 5)),
        json.dumps({"subject_request_type": "erasure", "extensions": {"subject_identities": 7}}),
        "[" * 100_000,
        "kind,email,received\nerase,a@x.test,0001-01-01T00:00:00+14:00\n",
        "kind,email\nerase,a@x.test,b@x.test\n",
        f"kind,email\nerase,{'a' * 200_000}\n",
    ],
    ids=range(9),
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named_by_place(content: str) -> None:
    csv.field_size_limit(131_072)  # some library of the same process may have raised it
    with pytest.raises(RequestProblem, match=r"a\.file"):
        importing.read_requests(content, "a.file")


def test_a_day_that_is_to_come_makes_no_request_late_for_ever(settings: Settings) -> None:
    with pytest.raises(RequestProblem, match="to come"):
        take(settings, received_at=datetime(2999, 1, 31))


def test_what_is_closed_or_under_way_stays_so(settings: Settings) -> None:
    taken = take(settings)
    with connect_state(settings) as con:
        requests.set_status(con, taken.request_id, "in_progress", actor="officer")
        with pytest.raises(RequestProblem, match="under way"):
            requests.decide(con, taken.request_id, "cancelled", actor="officer", reason="no")
        requests.set_status(con, taken.request_id, "completed", actor="officer")
        with pytest.raises(RequestProblem, match="is completed"):
            requests.decide(con, taken.request_id, "refused", actor="officer", reason="no")
        with pytest.raises(RequestProblem, match="is completed"):
            requests.extend(con, taken.request_id, actor="officer", reason="no", on=date(2026, 1, 31))
        assert [event for _, event, _, _ in requests.history(con, taken.request_id)] == [
            "received",
            "in_progress",
            "completed",
        ]


def test_a_name_of_three_chinese_characters_is_looked_for() -> None:
    traces = Traces(record_keys=["r"], own_names=["欧阳娜", "王芳", "Li Na"])
    assert traces.literals() == ["欧阳娜"]


def test_one_who_was_let_in_again_makes_nobody_elses_return_lawful(settings: Settings) -> None:
    """Two went in one erasure; the one came back with evidence, and the other is found in what landed."""
    key = load_key(settings)
    small.deliver(
        settings, "loyalty/members_2026-01-01.csv", small.MEMBERS + small.member(1) + small.member(2)
    )
    small.land(settings)
    hashes = {n: requests.hashes_of(key, Identity("email", f"ben{n}@example.test"))[0][1] for n in (1, 2)}
    taken = {
        n: take(settings, identities=[Identity("email", f"ben{n}@example.test")]).request_id for n in (1, 2)
    }
    with connect_state(settings) as con:
        for n in (1, 2):
            con.execute("insert into suppressions values ('email', ?, null)", [hashes[n]])
            con.execute("insert into rights_suppressed values (?, ?)", [taken[n], hashes[n]])
        requests.readmit(con, taken[1], actor="officer", evidence="form 12")
    document = {"suppressed": sorted(hashes.values()), "request_ids": sorted(taken.values())}
    both = verifying.verify(settings, document)
    assert both.returned and not both.is_lawful
    assert verifying.verify(settings, document | {"suppressed": [hashes[1]]}).is_lawful


@pytest.mark.parametrize("content", [None, "", '{"format": 1', "[]", "{}"])
def test_what_is_no_certificate_is_said_to_be_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "certificate.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RequestProblem, match="no whole certificate"):
        certificate.read_certificate(path)
