"""Access, correction, restriction, objection, opt-out and their lifting, on one small build; and what is asked that cannot be done as it is."""

from __future__ import annotations

import errno
import json
import shutil
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.decisions import write_once
from cdp_assets.keys import load_key
from cdp_assets.operations import attention
from cdp_assets.rights import (
    access,
    answers,
    carrying,
    certificate,
    corrections,
    inbox,
    journal,
    people,
    requests,
    sections,
    showing,
    stores,
    words,
)
from cdp_assets.rights.carrying import Carried, How
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Identity, NewRequest, Request
from cdp_assets.rights.upkeep import upkeep
from cdp_assets.rights.wishes import PURPOSES, Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.rights import small_home as small
from tests.rights.small_home import HERS, MAIL, PHONE, keys_of

KEY = "test-key-of-at-least-thirty-two-bytes"
HIS_MAIL = "ben16@example.test"


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build and a state, made once. Rosa and Ben share a number; a touch of hers names Ben's address."""
    root = tmp_path_factory.mktemp("asking")
    made = Settings(home=root / "home", inbox=root / "inbox", key=KEY)
    made.inbox_dir.mkdir()
    migrate(made)
    small.make_build(made)
    with duckdb.connect(str(made.warehouse_path)) as con:
        con.execute(
            "update identity.identifiers set identifier_value = ?, people_count = 2 where identifier_type = 'phone'",
            [PHONE],
        )
        con.execute(
            "update contact.records_contact set delivered_phone = ? where delivered_email = ?",
            [PHONE, HIS_MAIL],
        )
        con.execute("update identity.customer_records set phone = ? where email = ?", [PHONE, HIS_MAIL])
        con.execute(
            "create or replace table journeys.customer_orders as select *, order_id as order_number, timestamp '2026-01-02' as ordered_at, "
            "date '2026-01-02' as order_date, null::varchar as store_id, 'paid' as order_status, null::varchar as fulfilment_type, "
            "null::varchar as coupon_code, 1 as item_quantity, 'USD' as currency, net_amount as gross_amount, 0.0 as discount_amount, "
            "0.0 as shipping_amount, 0.0 as tax_amount from journeys.customer_orders"
        )
        con.execute(
            "create or replace table journeys.customer_touchpoints as select 'ga4:1' as touch_id, 'ga4' as channel, 'canary-device-1.1' as touchpoint_id, "
            "'canary-device-1' as device_id, ? as customer_id, null::varchar as source_customer_id, timestamp '2026-01-02' as touched_at, 'visit' as touch_type, "
            "'mail' as source, 'email' as medium, 'for ' || ? as campaign, 'login' as resolved_by",
            [HERS, HIS_MAIL],
        )
    return root


@pytest.fixture
def asked(pattern: Path, tmp_path: Path) -> Settings:
    shutil.copytree(pattern, tmp_path / "copy")
    return Settings(home=tmp_path / "copy" / "home", inbox=tmp_path / "copy" / "inbox", key=KEY)


def take(
    settings: Settings, kind: str, wish: Wish | None = None, *, is_verified: bool = True, **identity: str
) -> Request:
    identities = [Identity(name, value) for name, value in (identity or {"email": MAIL}).items()]
    new = NewRequest(
        kind, identities, is_verified=is_verified, wish=wish or Wish(), received_at=datetime(2026, 1, 31)
    )
    with connect_state(settings) as con:
        return requests.take(con, load_key(settings), new, actor="officer")


def carry(settings: Settings, *chosen: Request, **how: Any) -> Carried:
    return carrying.carry_out(settings, chosen, How("officer", **how))


def stand(settings: Settings, request: Request) -> Request:
    with connect_state(settings, read_only=True) as con:
        return requests.find(con, request.request_id)


def ask_state(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with connect_state(settings, read_only=True) as con:
        return con.execute(sql).fetchall()


def opened(settings: Settings) -> dict[str, str]:
    """Content of the one answer, by the name of the file in it."""
    (path,) = (settings.home / "answers").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


# ---------- access


@pytest.mark.parametrize(
    ("language", "title"), [("en", "What we hold about you"), ("zh-CN", "我们持有的关于您的信息")]
)
def test_an_answer_holds_what_is_hers_and_nothing_of_who_shares_a_number_with_her(
    asked: Settings, language: str, title: str
) -> None:
    request = take(asked, "access", Wish(language=language))
    assert not carry(asked, request).problems
    content = opened(asked)
    page = next(text for name, text in content.items() if name.endswith(".html"))
    assert title in page and "Rosa Canary" in page and MAIL in content["data.json"]
    data = json.loads(content["data.json"])
    assert [row["source_customer_id"] for row in data["tables"]["records"]] == ["OF77700177", "555017"]
    assert [row["order_id"] for row in data["tables"]["orders"]] == ["900017"]
    everything = "".join(content.values())
    assert "Ben" not in everything and HIS_MAIL not in everything and "660016" not in everything
    assert data["withheld_cells"] == 1 and data["tables"]["touchpoints"][0]["campaign"] == access.WITHHELD
    assert "(415) 555-0101" in everything  # the number is hers, too
    path = next((asked.home / "answers").glob("*.zip"))
    assert path.stat().st_mode & 0o077 == 0
    assert stand(asked, request).status == "completed" and "2 records" not in str(
        stand(asked, request).outcome
    )


def test_an_answer_says_what_files_said_under_their_own_headers(asked: Settings) -> None:
    """Also what no table of ours keeps."""
    small.deliver(
        asked,
        "loyalty/members_2026-01-01.csv",
        small.MEMBERS + "".join(small.member(n) for n in (16, 17, 18)),
    )
    small.land(asked)
    assert not carry(asked, take(asked, "access")).problems
    told = json.loads(opened(asked)["data.json"])["tables"]["delivered"]
    said = {row["header"]: row["value"] for row in told}
    assert (said["address"], said["birth_date"]) == (small.STREET, "1980-01-01")
    assert {row["row_count"] for row in told} == {1} and "Ben" not in str(told)


def test_an_answer_quotes_her_cells_of_rows_in_quarantine_and_no_others(asked: Settings) -> None:
    """A broken row is in no table; whose a cell of it is, only the cell can say."""
    name = "online_retail/2026-01-02.csv"
    broken = small.line(17, quantity="two"), small.line(18, quantity=MAIL), small.line(19, quantity="three")
    note = small.line(20, quantity=f"ask Ben or {MAIL}")
    small.deliver(asked, name, small.LINES + small.line(16) * 20 + "".join(broken) + note)
    small.land(asked)
    assert not carry(asked, take(asked, "access")).problems
    content = opened(asked)
    told = json.loads(content["data.json"])["tables"]["refused_rows"]
    assert [(row["line"], row["column_name"], row["value"], row["other_cells"]) for row in told] == [
        (22, "quantity", "900017", 6),
        (22, "quantity", f"{small.BUYER}.0", 6),
        (23, "quantity", MAIL, 7),
        (25, "quantity", None, 8),
    ]
    assert "660018" not in json.dumps(told) and "Ben" not in json.dumps(told)
    assert "rows that could not be read" in content["answer.en.html"]


def test_a_record_that_only_a_score_joins_is_shown_to_nobody_before_a_word_is_given(asked: Settings) -> None:
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute("update identity.customer_ids set customer_id = ?", [HERS])
    request = take(asked, "access")
    (problem,) = carry(asked, request).problems
    assert "by score only" in problem and stand(asked, request).status == "received"
    found = people.found_by(asked, request)
    (beside,) = found.by_score
    compared = {each.attribute: each for each in beside.compared}
    assert (compared["phone"].agreement, compared["email"].agreement, compared["city"].hers) == (
        "equal",
        "different",
        "Oakland",
    )
    assert (
        MAIL not in str(found.by_score)
        and HIS_MAIL not in str(found.by_score)
        and "Ben Other" not in str(found.by_score)
    )
    with connect_state(asked) as con:  # the word given on the page
        con.execute(
            "insert into rights_confirmations values (?, ?, false, 'officer', now()::timestamp)",
            [request.request_id, beside.record_key],
        )
    assert not carry(asked, request).problems
    content = opened(asked)
    assert HIS_MAIL not in "".join(content.values())
    assert json.loads(content["data.json"])[
        "is_mixed"
    ]  # figures of a customer who is two people are nobody's


def test_an_answer_expires_and_leaves_no_file(asked: Settings) -> None:
    carry(asked, take(asked, "access"))
    (path,) = (asked.home / "answers").glob("*.zip")
    assert answers.expire(asked) == 0 and path.exists()
    later = datetime(2026, 1, 1) + timedelta(days=36500)
    assert answers.expire(asked, later) == 1 and not path.exists()
    assert ask_state(asked, "select ended_because from rights_answers") == [("expired",)]
    entry = {"file_name": path.name, "sha256": "", "expires_at": "2126-01-01", "ended_because": "expired"}
    with pytest.raises(RequestProblem, match="gone"):
        answers.content_of(asked, entry)


def test_a_full_disk_leaves_no_half_answer_and_the_request_open(
    asked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = take(asked, "access")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(OSError, match="no space"):
            carry(asked, request)
    assert not list((asked.home / "answers").iterdir())
    assert stand(asked, request).status == "received"
    assert ask_state(asked, "select count(*) from rights_answers") == [(0,)]
    assert not carry(asked, request).problems


def test_what_could_not_be_looked_up_stands_on_the_page(asked: Settings) -> None:
    request = take(asked, "access")
    assert not carry(asked, request).problems
    content = opened(asked)
    left_out = json.loads(content["data.json"])["left_out"]
    page = next(text for name, text in content.items() if name.endswith(".html"))
    titles = [words.texts("en")["sections"][name]["title"] for name in left_out]
    assert titles and f"Not looked up, since it is not built here: {'; '.join(titles)}." in page


def test_recipients_are_told_though_what_they_got_is_removed_or_holds_no_name(asked: Settings) -> None:
    """A removal that was acknowledged takes the key out of the ledger; that the list was given, while she was in the audience, stays true."""
    with connect_state(asked) as con:
        for number, audience in enumerate(("was_in", "never_in"), 1):
            con.execute(
                "insert into activation_lists by name select ? as list_id, 'meta' as destination, ? as audience",
                [number, audience],
            )
            con.execute(
                "insert into activation_batches by name select $n as batch_no, 'b' || $n as batch_id, $n as list_id, 'add' as operation, 'g' as generation, "
                "1 as sequence, 'f' as file_name, '' as sha256, 1 as size_bytes, 1 as row_count, date '2026-01-05' as proposed_on, 'acknowledged' as status",
                {"n": number},
            )
        for event, day in (("entered", "2026-01-01"), ("left", "2026-02-01")):
            con.execute(
                "insert into audience_history by name select 'was_in' as audience, ? as customer_id, ? as event, 'x' as reason, ?::date as on_date, "
                "'g' as generation", [HERS, event, day],
            )  # fmt: skip
        con.execute(
            "insert into share_releases values ('r', 'cohorts', 'acme', 2026, 'g', 1, 0, '2026-01-06', '2026-01-06', null)"
        )
        con.execute("insert into share_charges values ('r', 'acme', 2026, ?, 1, 0)", [HERS])
    request = take(asked, "access", Wish(language="zh"))
    assert not carry(asked, request).problems
    content = opened(asked)
    told = json.loads(content["data.json"])["tables"]["recipients"]
    assert [(row["destination"], row["audience"], row["status"]) for row in told] == [
        ("acme", "cohorts", "released"),
        ("meta", "was_in", "may_have_been_given"),
    ]
    assert "可能曾提供" in next(text for name, text in content.items() if name.endswith(".html"))


@pytest.mark.parametrize(
    ("carried_too", "audience"), [(None, "was_in"), ("gone", "was_in"), ("his", None), ("his, removed", None)]
)
def test_recipients_under_an_id_that_was_merged_away_are_told(
    asked: Settings, carried_too: str | None, audience: str | None
) -> None:
    """What was sent of her under a former id was sent of her. Where that id stood for somebody else, too, only the platform is told, not his groups;
    a record that no channel delivers any more is nobody else's."""
    former = "dead" + "4" * 28
    his, gone = keys_of(asked)["his"], "9" * 32
    others = {None: [], "gone": [gone]}.get(carried_too, [his])
    with connect_state(asked) as con:
        for record in (keys_of(asked)["loyalty"], *others):
            con.execute(
                "insert into customer_id_history values (?, 'loyalty', 'account', ?, 'created', '2026-01-01', '2026-02-01', 1, 2)",
                [record, former],
            )
        con.execute("insert into activation_lists by name select 1 as list_id, 'meta' as destination, 'was_in' as audience")  # fmt: skip
        for number, day in ((1, "2026-01-05"), (2, "2026-03-05")):
            con.execute(
                "insert into activation_batches by name select $n as batch_no, 'b' || $n as batch_id, 1 as list_id, 'add' as operation, 'g' as generation, "
                "1 as sequence, 'f' as file_name, '' as sha256, 1 as size_bytes, 1 as row_count, $day::date as proposed_on, 'acknowledged' as status",
                {"n": number, "day": day},
            )
        if carried_too == "his, removed":
            con.execute(
                "insert into audience_history by name select 'was_in' as audience, ? as customer_id, 'entered' as event, 'x' as reason, "
                "date '2026-01-02' as on_date, 'g' as generation", [former],
            )  # fmt: skip
        else:
            con.execute("insert into activation_keys values (1, 'email', 'k')")
            con.execute("insert into activation_key_customers values (1, ?)", [former])
            con.execute(
                "insert into activation_entries by name select 1 as list_id, 1 as key_id, 'em' as field, 1 as add_batch"
            )
    request = take(asked, "access")
    assert not carry(asked, request, left=["all"]).problems
    told = json.loads(opened(asked)["data.json"])["tables"]["recipients"]
    assert [(row["destination"], row["audience"]) for row in told] == [("meta", audience)]
    if others == [gone]:
        (traces,) = [people.traces_for(asked, take(asked, "erase"))]
        assert gone in traces.record_keys and his not in traces.record_keys


def test_every_language_says_every_section_and_word() -> None:
    english = words.texts("en")
    for language in words.languages():
        own = words.texts(language)
        assert own.keys() == english.keys()
        assert own["sections"].keys() == english["sections"].keys()
        named = {each.name for each in sections.SECTIONS} | {
            "judgements",
            "delivered",
            "refused_rows",
            "files",
            "retention",
        }
        assert named == own["sections"].keys()
        for family in (
            "kinds",
            "request_states",
            "tables",
            "notes",
            "held",
            "columns",
            "operations",
            "consent_states",
            "contact_types",
        ):
            assert own[family].keys() == english[family].keys(), family
    assert (
        words.language_of("zh-Hans", "en") == "zh"
        and words.language_of("fr", "zh") == "zh"
        and words.language_of(None, "xx") == "en"
    )


def test_a_spreadsheet_runs_nothing_of_an_answer() -> None:
    part = access.Part("records", ["full_name", "phone"], [["=cmd|' /C calc'!A0", "+1 (415) 555-0101"]])
    line = answers._csv(part).splitlines()[1]
    assert line == "'=cmd|' /C calc'!A0,+1 (415) 555-0101"


# ---------- correction


def wrong_city(value: str = "Oakland") -> Wish:
    return Wish(attribute="city", right_value="Berkeley", wrong_value=value)


def test_a_correction_keeps_the_right_value_and_of_the_wrong_one_a_hash_only(asked: Settings) -> None:
    request = take(
        asked, "correct", Wish(attribute="phone", right_value="+14155550999", wrong_value="1 415 555-0101")
    )
    kept = ask_state(asked, "select right_value, wrong_pseudonym from rights_wishes")[0]
    assert kept[0] == "+14155550999" and "4155550101" not in kept[1]
    assert not carry(asked, request).problems
    rows = ask_state(
        asked, "select record_key, attribute, right_value, status, wrong_pseudonym from rights_corrections"
    )
    assert [row[:4] for row in rows] == [(keys_of(asked)["loyalty"], "phone", "+14155550999", "standing")]
    assert ask_state(asked, "select right_value, wrong_pseudonym from rights_wishes") == [(None, None)]
    with duckdb.connect() as con:  # as dbt computes it of what is delivered
        from cdp_assets.keys import register_pseudonym

        register_pseudonym(con, load_key(asked))
        made = con.execute(
            "select pseudonym('wrong' || chr(31) || 'phone' || chr(31) || ?)", [PHONE[-10:]]
        ).fetchall()
    assert made == [(rows[0][4],)]
    assert PHONE[1:].encode() not in asked.state_path.read_bytes()


def test_a_wrong_value_that_nobody_carries_or_a_right_one_that_all_carry_is_said(asked: Settings) -> None:
    for wish, found in (
        (wrong_city("Springfield"), "no record of hers carries"),
        (Wish(attribute="city", right_value="Oakland"), "says so already"),
    ):
        request = take(asked, "correct", wish)
        (problem,) = carry(asked, request).problems
        assert found in problem and stand(asked, request).status == "received"


def test_a_value_that_is_missing_is_given_to_the_record_that_the_request_names(asked: Settings) -> None:
    carry(asked, take(asked, "correct", Wish(attribute="birth_date", right_value="1980-01-01")))
    assert ask_state(asked, "select record_key from rights_corrections") == [(keys_of(asked)["loyalty"],)]


def applied(settings: Settings, outcome: str) -> None:
    """The build of the next run, in which the channel delivers the wrong value (applied) or a third one (lapsed)."""
    rows = ask_state(
        settings,
        "select request_id, record_key, attribute, right_value from rights_corrections where status = 'standing'",
    )
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(
            "create or replace table identity.applied_corrections (request_id text, record_key text, attribute text, right_value text, outcome text)"
        )
        con.executemany(
            "insert into identity.applied_corrections values (?, ?, ?, ?, ?)",
            [[*row, outcome] for row in rows],
        )
        if outcome == "applied":
            con.execute(
                "update identity.customer_records set city = 'Berkeley' where full_name = 'Rosa Canary'"
            )


def commit(settings: Settings) -> None:
    with connect_state(settings) as con:
        con.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
        con.begin()
        corrections.commit_lapses(con, "g000003")
        con.commit()


def test_a_third_value_ends_a_correction_and_its_request_says_so(asked: Settings) -> None:
    request = take(asked, "correct", wrong_city())
    carry(asked, request)
    applied(asked, "applied")
    commit(asked)
    assert ask_state(asked, "select distinct status from rights_corrections") == [("standing",)]
    applied(asked, "lapsed")
    commit(asked)
    commit(asked)  # once is enough
    assert ask_state(asked, "select distinct status from rights_corrections") == [("lapsed",)]
    assert "lapsed" in str(stand(asked, request).outcome)
    with connect_state(asked, read_only=True) as con:
        told = [
            detail for _, event, _, detail in requests.history(con, request.request_id) if event == "lapsed"
        ]
    assert told == ["city: 2 records bring a third value, in g000003"]
    (line,) = attention.lapsed_corrections(asked, "g000003")
    assert line.startswith(f"correction lapsed: request {request.request_id[:8]}, city: 2 records")
    assert attention.lapsed_corrections(asked, "g000004") == ()


def test_a_second_correction_takes_the_place_of_the_first_over_the_same_delivered_value(
    asked: Settings,
) -> None:
    carry(asked, take(asked, "correct", wrong_city()))
    first = ask_state(asked, "select record_key, wrong_pseudonym from rights_corrections order by all")
    applied(asked, "applied")
    carry(asked, take(asked, "correct", Wish(attribute="city", right_value="Alameda")))
    assert (
        ask_state(
            asked,
            "select record_key, wrong_pseudonym from rights_corrections where status = 'standing' order by all",
        )
        == first
    )
    assert ask_state(asked, "select right_value, status from rights_corrections group by all order by all") == [
        ("Alameda", "standing"), ("Berkeley", "superseded"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (Wish(attribute="shoe_size", right_value="42"), "which attribute"),
        (Wish(attribute="city"), "what is right"),
        (Wish(attribute="city", right_value="a\x00b"), "control characters"),
        (Wish(attribute="city", right_value="x" * 400), "what is right"),
    ],
)
def test_a_correction_that_cannot_be_is_not_taken(asked: Settings, wish: Wish, found: str) -> None:
    with pytest.raises(RequestProblem, match=found):
        take(asked, "correct", wish)


# ---------- restriction, objection, opt-out, and their lifting


def test_a_damaged_certificate_stops_no_run_and_no_page(asked: Settings) -> None:
    folder = asked.home / "rights" / "certificates"
    folder.mkdir(parents=True)
    (folder / "20260201T000000-0a1b2c3d.json").write_text('{"erasure_id": "2026')
    kept = asked.model_copy(update={"keep_certificates_days": 1})
    assert certificate.expire(kept, date(2027, 1, 1)) == 0
    assert showing.certificate_of(asked, "20260201T000000-0a1b2c3d") is None


def test_a_restored_backup_lets_through_nothing_that_was_refused_since(
    asked: Settings, tmp_path: Path
) -> None:
    backup = tmp_path / "state.duckdb"
    shutil.copy(asked.state_path, backup)
    carry(asked, take(asked, "object"))
    carry(asked, take(asked, "lift", Wish(("profiling",))))
    carry(asked, take(asked, "opt-out", Wish(("sharing",))))
    standing = "select record_key, purpose from rights_refusals where lifted_at is null order by all"
    before = ask_state(asked, standing)
    assert {purpose for _, purpose in before} == {"marketing", "sharing"}
    assert upkeep(asked) == []
    shutil.copy(backup, asked.state_path)
    assert upkeep(asked)[-1] == "2 refusals newer than what was restored: in force again"
    assert ask_state(asked, standing) == before
    assert upkeep(asked) == []
    listed = journal.manifest_path(asked).read_text(encoding="utf-8")
    assert MAIL not in listed and PHONE not in listed


@pytest.mark.parametrize(
    ("kind", "purposes", "refused"),
    [
        ("restrict", (), PURPOSES),
        ("object", (), ("marketing", "profiling")),
        ("object", ("measurement",), ("measurement",)),
        ("opt-out", (), ("ads_matching", "sharing")),
    ],
)
def test_what_is_refused_stands_on_her_records_until_a_request_lifts_it(
    asked: Settings, kind: str, purposes: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    carry(asked, take(asked, kind, Wish(purposes)))
    standing = ask_state(
        asked, "select distinct purpose from rights_refusals where lifted_at is null order by 1"
    )
    assert {each for (each,) in standing} == set(refused)
    assert {each for (each,) in ask_state(asked, "select record_key from rights_refusals")} == {
        keys_of(asked)["loyalty"], keys_of(asked)["online_retail"],
    }  # fmt: skip
    carry(asked, take(asked, "lift", Wish(refused[:1])))
    left = ask_state(asked, "select distinct purpose from rights_refusals where lifted_at is null")
    assert {each for (each,) in left} == set(refused[1:])
    lifting = take(asked, "lift")
    carry(asked, lifting)
    assert ask_state(asked, "select count(*) from rights_refusals where lifted_at is null") == [(0,)]
    again = take(asked, "lift")
    carry(asked, again)
    assert "nothing stood" in str(stand(asked, again).outcome)


@pytest.mark.parametrize("kind", ["restrict", "object", "opt-out"])
def test_a_refusal_waits_for_no_word_on_records_that_a_score_joins(asked: Settings, kind: str) -> None:
    """It stands on hers, and so holds for the whole customer; a stranger's record is neither shown nor erased by it."""
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute("update identity.customer_ids set customer_id = ?", [HERS])
    request = take(asked, kind)
    carried = carry(asked, request)
    assert carried.problems == [] and stand(asked, request).status == "completed"
    assert {each for (each,) in ask_state(asked, "select record_key from rights_refusals")} == {
        keys_of(asked)["loyalty"], keys_of(asked)["online_retail"],
    }  # fmt: skip


def test_an_extension_counts_as_of_the_day_of_the_word(asked: Settings) -> None:
    """The officer extends on the last evening; the run takes it in the night after."""
    request = take(asked, "access")
    for day, is_extended in (("2026-03-01", False), ("2026-02-28", True)):
        facts = {"request_id": request.request_id, "to": "extend", "because": "many records"}
        write_once(
            inbox.folder(asked),
            {"action": "change", "decided_by": "ana", "decided_at": f"{day}T22:00:00+00:00", **facts},
        )
        inbox.take(asked)
        assert stand(asked, request).is_extended == is_extended


def test_a_lifting_is_verified_though_an_objection_is_not(asked: Settings) -> None:
    assert take(asked, "object", is_verified=False).is_verified
    lifting = take(asked, "lift", is_verified=False)
    assert not lifting.is_verified
    with pytest.raises(RequestProblem, match="not verified"):
        people.due_requests(asked, [lifting.request_id])
    with pytest.raises(RequestProblem, match="purpose"):
        take(asked, "object", Wish(("fun",)))
    with pytest.raises(RequestProblem, match="has no purposes"):
        take(asked, "erase", Wish(("marketing",)))


# ---------- what cannot be done as it is asked


def test_one_that_waits_keeps_nobody_else_waiting(asked: Settings) -> None:
    """A request for nobody closes, one for two people waits and is named, and the others are done."""
    nobody = take(asked, "access", email="nobody@example.test")
    both = take(asked, "restrict", email=MAIL, customer_id=small.HIS)
    hers = take(asked, "object")
    carried = carry(asked, nobody, both, hers)
    assert [each for each in carried.problems if both.request_id[:8] in each and "fits 2 customers" in each]
    assert (stand(asked, nobody).status, stand(asked, nobody).outcome) == ("completed", "nobody found")
    assert stand(asked, both).status == "received" and stand(asked, hers).status == "completed"
    assert not (asked.home / "answers").exists()


def test_what_the_page_is_shown_names_nobody(asked: Settings) -> None:
    request = take(asked, "erase")
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute("update identity.customer_ids set customer_id = ?", [HERS])
    showing.show(asked, (request.request_id,))
    (shown,) = showing.read(asked)["requests"]
    assert shown["found"]["records"] == 2 and len(shown["found"]["by_score"]) == 1
    text = showing.path_of(asked).read_text(encoding="utf-8")
    assert not [each for each in (*small.EVERYTHING_OF_HERS[:-1], "Ben Other 16", HIS_MAIL) if each in text]


def test_two_who_share_a_number_are_told_apart_by_what_only_one_of_them_has(asked: Settings) -> None:
    """The number alone fits both, and waits; the number with an address means who has both; an address of hers with his id means nobody yet."""
    said: list[dict[str, Any]] = [
        {"phone": PHONE},
        {"phone": PHONE, "email": MAIL},
        {"phone": PHONE, "email": HIS_MAIL},
    ]
    shared, hers, his = (take(asked, "access", **identity) for identity in said)
    mixed = take(asked, "access", email=MAIL, customer_id=small.HIS)
    carried = carry(asked, shared, hers, his, mixed)
    assert len(carried.problems) == 2 and all("fits 2 customers" in each for each in carried.problems)
    assert [stand(asked, each).status for each in (shared, hers, his, mixed)] == [
        "received",
        "completed",
        "completed",
        "received",
    ]
    with pytest.raises(RequestProblem, match="fits 2 customers"):
        people.traces_for(asked, shared)
    assert people.found_by(asked, hers).customer_ids == [HERS] and people.found_by(
        asked, his
    ).customer_ids == [small.HIS]


def test_she_asks_with_her_address_as_she_writes_it_and_identity_knows_the_mailbox(asked: Settings) -> None:
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute(
            "update identity.identifiers set identifier_value = 'rosacanary@gmail.com' where identifier_value = ?",
            [MAIL],
        )
    for written in ("Rosa.Canary@gmail.com", "rosacanary+shop@googlemail.com"):
        assert people.found_by(asked, take(asked, "access", email=written)).customer_ids == [HERS]


def test_a_device_is_hers_where_nobody_else_is_known_on_it(asked: Settings) -> None:
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute(
            "insert into journeys.customer_touchpoints select touches.* replace (device as device_id, customer as customer_id) "
            "from journeys.customer_touchpoints as touches, "
            "(values ('own', ?), ('own', null), ('lent', ?), ('lent', ?), ('anybody', null)) as seen (device, customer)",
            [HERS, HERS, small.HIS],
        )
    sources = people.traces_for(asked, take(asked, "erase")).sources
    assert sorted(name for channel, name in sources if channel == "ga4") == ["canary-device-1", "own"]


def test_a_count_is_kept_until_somebody_asks_or_it_covers_others(
    asked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two requests of one person are one count; a new generation costs none, unless whom a request covers is another."""
    looks: list[int] = []
    find = stores.find

    def counted(*given: Any) -> dict[str, int]:
        looks.append(1)
        return find(*given)

    monkeypatch.setattr(stores, "find", counted)
    erase, access = take(asked, "erase"), take(asked, "access", phone=PHONE, email=MAIL)
    first = [erase.request_id, access.request_id]

    def shown(*find: str) -> list[tuple[Any, ...]]:
        showing.show(asked, find)
        found = [showing.kept_count(asked, each) or {} for each in first]
        return [(each.get("generation"), each.get("seen_in"), each.get("records")) for each in found]

    assert shown() == [(None, None, None)] * 2 and not looks  # nobody has asked
    assert shown(*first) == [(None, None, 2)] * 2 and len(looks) == 1
    publish_link(asked, "g000007")
    assert shown()[0] == (None, "g000007", 2) and len(looks) == 1
    with duckdb.connect(str(asked.warehouse_path)) as con:
        con.execute(
            "update identity.customer_ids set customer_id = 'another' where channel = 'online_retail'"
        )
    assert shown()[0] == (None, "g000007", 2) and len(looks) == 1  # not before the next generation
    publish_link(asked, "g000008")
    assert shown()[0] == ("g000008", "g000008", 1) and len(looks) == 2
    assert shown(first[0])[0] == ("g000008", "g000008", 1) and len(looks) == 3


def publish_link(settings: Settings, name: str) -> None:
    """The link names a generation; what is in it is of no matter here."""
    link = settings.published_dir / "current"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(name)


def test_what_is_overdue_is_told_until_it_is_extended(asked: Settings) -> None:
    request = take(asked, "access")
    assert attention.overdue_requests(asked, date(2026, 2, 28)) == ()
    (line,) = attention.overdue_requests(asked, date(2026, 3, 1))
    assert line.startswith(f"overdue: request {request.request_id[:8]} to access")
    with connect_state(asked) as con:
        requests.extend(con, request.request_id, actor="officer", reason="many records", on=date(2026, 2, 28))
    assert attention.overdue_requests(asked, date(2026, 3, 1)) == ()


def test_holds_are_read_with_their_day(asked: Settings) -> None:
    hold = requests.read_hold("shopify.orders.billing_name until 2031-12-31: tax record")
    assert (hold.table_name, hold.column_name, str(hold.until_date)) == (
        "shopify.orders",
        "billing_name",
        "2031-12-31",
    )
    for text in ("shopify.orders", "orders: tax", "shopify.orders until soon: tax", "a.b.c.d: tax"):
        with pytest.raises(RequestProblem, match="hold"):
            requests.read_hold(text)


def test_an_id_that_was_merged_away_means_who_carries_its_records_now(asked: Settings) -> None:
    """She asks with the number that an earlier answer gave her."""
    former = "dead" + "4" * 28
    with connect_state(asked) as con:
        con.execute(
            "insert into customer_id_history values (?, 'loyalty', 'account', ?, 'created', now()::timestamp, now()::timestamp, 1, 2)",
            [keys_of(asked)["loyalty"], former],
        )
    assert people.found_by(asked, take(asked, "erase", customer_id=former)).customer_ids == [HERS]
    assert people.found_by(asked, take(asked, "erase", customer_id=small.HIS)).customer_ids == [small.HIS]


def test_an_address_of_hers_beside_one_of_his_means_neither(asked: Settings) -> None:
    """She has his number as well: of each type she has one, which is not all that is said."""
    new = NewRequest(
        "erase", [Identity("email", MAIL), Identity("email", HIS_MAIL), Identity("customer_id", HERS)], is_verified=True
    )  # fmt: skip
    with connect_state(asked) as con:
        request = requests.take(con, load_key(asked), new, actor="officer")
    assert people.found_by(asked, request).customer_ids == sorted([HERS, small.HIS])


def test_an_answer_lists_no_request_of_who_shares_a_number_with_her(asked: Settings) -> None:
    take(asked, "erase", phone=PHONE, email=HIS_MAIL)
    hers = take(asked, "object", phone=PHONE, email=MAIL)
    request = take(asked, "access", phone=PHONE, email=MAIL)
    assert not carry(asked, request).problems
    listed = json.loads(opened(asked)["data.json"])["requests"]
    assert sorted(each["kind"] for each in listed) == ["access", "object"] and hers.kind == "object"


def test_who_was_let_in_again_is_not_taken_for_erased(asked: Settings) -> None:
    before, again = take(asked, "erase"), take(asked, "erase")
    hashed = again.identities[0][1]
    with connect_state(asked) as con:
        con.execute("insert into rights_suppressed values (?, ?)", [before.request_id, hashed])
        con.execute("insert into suppressions values ('email', ?, null)", [hashed])
    assert carrying._erased_before(asked, again) == before.request_id
    with connect_state(asked) as con:
        assert requests.readmit(con, before.request_id, actor="officer", evidence="form 12") == 1
    assert carrying._erased_before(asked, again) is None
