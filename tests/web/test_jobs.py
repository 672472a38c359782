"""The jobs that people do here, step by step, by requests alone: find and tell, merge and split, review, see in clear."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import duckdb
import pytest

from cdp_assets import audit
from cdp_assets.decisions import read_decisions
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.web.published import newest_published
from cdp_assets.web.queries import changes, review, search
from tests.web.conftest import Reader
from tests.web.published_file import revise


def customer(number: int) -> str:
    return hashlib.md5(f"customer{number}".encode()).hexdigest()


def found_by(site: Reader, text: str) -> str:
    site.get("/customers")
    answer = site.post("/customers/find", {"q": text})
    return answer.headers.get("location", "") or answer.text


@pytest.mark.parametrize("text", ["O7", "#O7", customer(7), customer(7)[:14], f"  {customer(7)} "])
def test_a_customer_is_found_by_any_id(site: Reader, text: str) -> None:
    assert customer(7) in found_by(site, text)


def _give_record(settings: Settings, **values: str) -> None:
    """Put values into one record of customer 7 in the contact file."""
    path = Path(str((settings.published_dir / "current" / "contact.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as contact")
        sets = ", ".join(f"{name} = '{value}'" for name, value in values.items())
        con.execute("use contact.contact")
        con.execute(
            f"update records_contact set {sets} where record_key = (select min(record_key) from records_contact where customer_id = '{customer(7)}')"
        )


@pytest.mark.parametrize("text", ["+44 20 7946 0958", "0044 20 7946 0958", "+442079460958"])
def test_a_phone_is_read_as_identity_reads_it(published: Settings, text: str) -> None:
    _give_record(published, phone="+442079460958")
    assert customer(7) in found_by(Reader(published), text)


@pytest.mark.parametrize("text", ["Ada+news@Example.com", "oPenIdOfOneApp"])
def test_a_customer_is_found_by_a_contact_that_no_record_carries(published: Settings, text: str) -> None:
    path = Path(str((published.published_dir / "current" / "contact.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as contact")
        con.execute("use contact.contact")
        con.execute(
            f"create or replace table contacts_in_clear as select '{customer(7)}' as customer_id, unnest(['email', 'platform']) as contact_type, "
            "unnest(['ada+news@example.com', 'oPenIdOfOneApp']) as contact_value"
        )
    assert customer(7) in found_by(Reader(published), text)


@pytest.mark.parametrize(
    "text", ["Quillfeather, Ada", "ada  quillfeather", "Ada Quillfeather", "QUILLFEATHER"]
)
def test_a_name_is_read_as_identity_reads_it(published: Settings, text: str) -> None:
    exact = search.read(published, "Ada Quillfeather").name_exact
    _give_record(published, name_exact=exact or "")
    assert customer(7) in found_by(Reader(published), text)


def test_a_chinese_name_is_found_by_its_characters_and_its_sound(published: Settings) -> None:
    wanted = search.read(published, "欧阳娜")
    _give_record(published, name_exact=wanted.name_exact or "", name_sound=wanted.name_sound or "")
    assert customer(7) in found_by(Reader(published), "欧阳娜")
    assert customer(7) in found_by(Reader(published), "Ouyang Na")


def test_what_was_searched_stands_in_no_log_and_no_address(published: Settings) -> None:
    site = Reader(published)
    _give_record(published, email="ada@example.com")
    site.get("/customers")
    answer = site.post("/customers/find", {"q": "Ada@Example.com"})
    assert "ada" not in answer.headers["location"].lower()
    assert "ada@" not in json.dumps([entry.facts for entry in audit.read(published)]).lower()
    assert audit.read(published)[0].action == "search"


def test_a_search_of_a_thousand_characters_is_answered(site: Reader) -> None:
    site.get("/customers")
    answer = site.post("/customers/find", {"q": "x'\";--" * 300})
    assert answer.status_code == 200 and "300" in answer.text


def test_an_unknown_customer_is_a_page_with_what_to_do(site: Reader) -> None:
    shown = site.get("/customers/nobody")
    assert shown.status_code == 404 and "onefold resolve-id" in shown.text


def test_a_customer_is_masked_until_somebody_says_why(site: Reader) -> None:
    shown = site.get(f"/customers/{customer(7)}")
    assert "+8613800000007" not in shown.text
    refused = site.post(f"/customers/{customer(7)}/reveal", {"reason": "  "})
    assert refused.status_code == 400 and "+8613800000007" not in refused.text
    clear = site.post(f"/customers/{customer(7)}/reveal", {"reason": "she called"})
    assert "+8613800000007" in clear.text and clear.headers["cache-control"] == "no-store"
    entry = audit.read(site.settings)[0]
    assert (entry.action, entry.subjects, entry.facts["reason"]) == ("reveal", (customer(7),), "she called")


def decisions(site: Reader) -> list[dict[str, object]]:
    return [each.content or {} for each in read_decisions(site.settings.home / "rulings_inbox")]


def test_two_customers_are_ruled_to_be_one(site: Reader) -> None:
    shown = site.get(f"/customers/{customer(7)}/decide", params={"other": customer(8)})
    assert "They are one person" in shown.text
    done = site.post(f"/customers/{customer(7)}/merge", {"other": customer(8), "reason": "the same card"})
    assert "Recorded" in site.follow(done).text
    (decision,) = decisions(site)
    assert (decision["because"], decision["reason"]) == ("merge", "the same card")
    assert decision["rulings"][0]["kind"] == "must_link"  # type: ignore[index]


def test_a_record_is_split_off_from_each_that_stays(site: Reader) -> None:
    shown = site.get(f"/customers/{customer(7)}/decide").text
    keys = re.findall(r'name="record" value="([0-9a-f]+)"', shown)
    assert len(keys) >= 2
    site.post(f"/customers/{customer(7)}/split", {"record": keys[0], "reason": "her sister"})
    (decision,) = decisions(site)
    assert len(decision["rulings"]) == len(keys) - 1  # type: ignore[arg-type]
    assert {each["kind"] for each in decision["rulings"]} == {"cannot_link"}  # type: ignore[attr-defined]


def test_a_split_that_leaves_nothing_is_refused_and_nothing_is_written(site: Reader) -> None:
    shown = site.get(f"/customers/{customer(7)}/decide").text
    keys = re.findall(r'name="record" value="([0-9a-f]+)"', shown)
    assert site.post(f"/customers/{customer(7)}/split", {"record": keys, "reason": "x"}).status_code == 400
    assert decisions(site) == []


def _first_pair(site: Reader) -> str:
    address = re.search(r'href="(/review/[0-9a-f]+/[0-9a-f]+)"', site.get("/review").text)
    assert address
    return address[1]


def test_a_pair_is_ruled_on_and_the_next_one_follows(site: Reader) -> None:
    first = _first_pair(site)
    shown = site.get(first)
    assert "What speaks for and against" in shown.text and 'data-key="s"' in shown.text
    done = site.post(first, {"kind": "cannot_link", "reason": "two of a family"})
    assert done.status_code == 303 and done.headers["location"].startswith("/review/")
    assert done.headers["location"].partition("?")[0] != first
    (decision,) = decisions(site)
    assert decision["evidence_hash"]


def test_two_stewards_on_one_pair_are_told_of_each_other(site: Reader) -> None:
    first = _first_pair(site)
    site.get(first)
    site.post(first, {"kind": "cannot_link", "reason": "two"})
    second = site.post(first, {"kind": "must_link", "reason": "one"})
    assert second.status_code == 400 and "ruled otherwise" in second.text
    assert len(decisions(site)) == 1


def test_a_decision_can_be_taken_back_until_a_run_takes_it(site: Reader) -> None:
    first = _first_pair(site)
    site.get(first)
    site.post(first, {"kind": "cannot_link", "reason": "two"})
    shown = site.get("/review", params={"state": "ruled"}).text
    decision_id = re.search(r'name="decision_id" value="([^"]+)"', shown)
    assert decision_id
    site.post("/decisions/withdraw", {"decision_id": decision_id[1], "back": "/review"})
    assert decisions(site) == []
    assert [entry.action for entry in audit.read(site.settings)][:2] == ["withdraw", "rule"]


def _taken(site: Reader, empty_state: Path, outcome: str = "applied", code: str | None = None) -> str:
    """The one decision that waits, as a run took it into state."""
    (path,) = (site.settings.home / "rulings_inbox").glob("*.json")
    site.settings.state_path.write_bytes(empty_state.read_bytes())
    with connect_state(site.settings) as con:
        con.execute(
            "insert into decisions values (?, 'rulings', ?, ?, 'kim', timestamp '2017-12-31 10:00:00', date '2017-12-31')",
            [path.stem, outcome, code],
        )
    return path.stem


def test_a_decision_that_a_run_took_and_did_not_publish_is_not_said_to_be_taken_back(
    site: Reader, empty_state: Path
) -> None:
    first = _first_pair(site)
    site.get(first)
    site.post(first, {"kind": "cannot_link", "reason": "two"})
    decision_id = _taken(site, empty_state)
    answer = site.post("/decisions/withdraw", {"decision_id": decision_id, "back": "/review"})
    assert answer.status_code == 400 and "A run has taken that decision" in answer.text
    assert len(decisions(site)) == 1 and audit.read(site.settings)[0].action == "rule"


def test_a_decision_that_a_run_did_not_take_is_told_to_the_stewards(site: Reader, empty_state: Path) -> None:
    assert "Decisions that runs did not take" not in site.get("/review").text
    first = _first_pair(site)
    site.get(first)
    site.post(first, {"kind": "cannot_link", "reason": "two <b>sisters</b>"})
    _taken(site, empty_state, "refused", "contradiction")
    revise(
        site.settings,
        f"attach '{site.settings.state_path}' as state (read_only); delete from new.marts.ops_decisions; "
        "insert into new.marts.ops_decisions by name select * from state.main.decisions",
    )
    text = site.get("/review").text
    shown = text[text.index("Decisions that runs did not take") :]
    assert (
        "it contradicts other rulings" in shown
        and "two &lt;b&gt;sisters" in shown
        and f'href="{first}"' in shown
    )


def test_a_ruling_against_one_that_is_in_force_is_refused_until_that_is_undone(
    site: Reader,
) -> None:
    first = _first_pair(site)
    left, right = first.split("/")[-2:]
    revise(
        site.settings,
        f"delete from new.marts.ops_rulings; insert into new.marts.ops_rulings by name select 'r1' as ruling_id, 'must_link' as kind, '{right}' as record_key_l, "
        f"'{left}' as record_key_r, 'lee' as ruled_by, date '2017-12-30' as ruled_on, 'active' as status",
    )
    site.get(first)
    answer = site.post(first, {"kind": "cannot_link", "reason": "two"})
    assert (
        answer.status_code == 400
        and "lee ruled otherwise on this pair, and that ruling is in force" in answer.text
    )
    assert decisions(site) == []
    site.post(f"/customers/{customer(7)}/undo", {"ruling_id": "r1", "reason": "a mistake"})
    assert site.post(first, {"kind": "cannot_link", "reason": "two"}).status_code == 303


def test_the_bridge_leads_to_the_rows_of_its_steps_and_to_nothing_else(site: Reader) -> None:
    links = re.findall(r'href="/changes\?kind=(\w+)', site.get("/changes").text)
    assert links and set(links) <= set(changes.KINDS)


def test_a_forged_form_changes_nothing(site: Reader) -> None:
    first = _first_pair(site)
    refused = site.post(first, {"kind": "cannot_link", "reason": "x"}, token="0" * 64)
    assert refused.status_code == 403 and decisions(site) == []


def test_a_form_from_another_session_changes_nothing(site: Reader, published: Settings) -> None:
    first = _first_pair(site)
    site.get(first)
    other = Reader(published)
    other.get("/")
    assert other.post(first, {"kind": "cannot_link", "reason": "x"}, token=site.token).status_code == 403
    assert decisions(site) == []


def test_markup_in_names_stays_text(published: Settings) -> None:
    path = Path(str((published.published_dir / "current" / "marts.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as marts")
        con.execute(
            "update marts.marts.customers set masked_full_name = '<script>alert(1)</script>' where customer_id = ?",
            [customer(7)],
        )
    assert "<script>alert" not in Reader(published).get(f"/customers/{customer(7)}").text


def test_a_customer_to_merge_with_is_named_as_tables_show_her(published: Settings) -> None:
    shown = newest_published(published)
    assert shown is not None
    assert review.customer_of(shown, customer(8)[:8] + "…") == customer(8)
    assert review.customer_of(shown, customer(8)[:7]) is None and review.customer_of(shown, "") is None


def test_channels_without_stores_stand_apart_among_the_stores(site: Reader) -> None:
    path = Path(str((site.settings.published_dir / "current" / "marts.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found; use found.marts")
        con.execute("update omnichannel set first_store_id = '(none)'")
        channels = con.execute("select count(distinct first_channel) from omnichannel").fetchone()
    shown = site.get("/beginnings?place=store&lang=en").text
    assert channels is not None and channels[0] > 1
    assert len(set(re.findall(r">([^<>]+ · no store)<", shown))) == channels[0]


def test_flags_in_clear_are_words(site: Reader) -> None:
    site.get(f"/customers/{customer(7)}")
    clear = site.post(f"/customers/{customer(7)}/reveal?lang=en", {"reason": "she called"}).text
    (said,) = re.findall(r"Marketing</td><td[^>]*>([^<]*)<", clear)
    assert said in {"yes", "no"}
