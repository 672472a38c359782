"""The canary: somebody who lies in every place of a home is gone from all of them, wherever the erasure was killed; everybody else stays."""

from __future__ import annotations

import gzip
import io
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets import audit
from cdp_assets.commands import rights as commands
from cdp_assets.keys import load_key
from cdp_assets.landing.stored import verify_landing
from cdp_assets.operations.backup import make_backup, restore_backup
from cdp_assets.publishing.damage import verify_files
from cdp_assets.publishing.generations import current_generation
from cdp_assets.rights import (
    answers,
    carrying,
    certificate,
    counting,
    erasure,
    hers,
    holds,
    journal,
    people,
    receipts,
    requests,
    rooms,
    showing,
    stores,
    tables,
    verifying,
)
from cdp_assets.rights.requests import Identity, NewRequest, Request, RequestProblem
from cdp_assets.rights.scanning import scan
from cdp_assets.rights.sought import SoughtPeople
from cdp_assets.rights.traces import Traces, united
from cdp_assets.rights.upkeep import upkeep
from cdp_assets.rights.wishes import Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.rights import small_home as small
from tests.rights.small_home import EVERYTHING_OF_HERS, HERS, HIS, MAIL, cells_of, keys_of

pytestmark = pytest.mark.integration
KEY = "test-key-of-at-least-thirty-two-bytes"


class Killed(BaseException):
    """The process died."""


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled home to copy: making one takes longer than erasing it."""
    root = tmp_path_factory.mktemp("canary")
    made = Settings(home=root / "home", inbox=root / "inbox", key=KEY)
    made.inbox_dir.mkdir()
    from cdp_assets.state import migrate

    migrate(made)
    small.make_home(made)
    return root


@pytest.fixture
def filled(pattern: Path, tmp_path: Path) -> Settings:
    shutil.copytree(pattern, tmp_path / "copy", symlinks=True)
    return Settings(home=tmp_path / "copy" / "home", inbox=tmp_path / "copy" / "inbox", key=KEY)


def ask(settings: Settings, **identity: str) -> requests.Request:
    identities = [Identity(kind, value) for kind, value in (identity or {"email": MAIL}).items()]
    with connect_state(settings) as con:
        return requests.take(
            con, load_key(settings), NewRequest("erase", identities, is_verified=True), actor="officer"
        )


def erase_with_hold(settings: Settings) -> dict[str, Any]:
    """Erase her but for a number on hold; returns the final certificate."""
    asked = ask(settings)
    with connect_state(settings) as con:
        hold = requests.read_hold("online_retail.lines.customer_id until 2999-01-01: tax record")
        requests.add_hold(con, asked.request_id, hold)
    how = carrying.How("officer", rewrites_inbox=True, is_named=True)
    (document,) = carrying.carry_out(settings, [asked], how).certificates
    assert document["status"] == "final" and document["kept_on_hold"]
    return document


def begin(settings: Settings) -> journal.Journal:
    request = ask(settings)
    return erasure.begin(
        settings,
        [request.request_id],
        people.traces_for(settings, request),
        actor="officer",
        rewrites_inbox=True,
    )


def test_the_scan_finds_her_in_every_store_before(filled: Settings) -> None:
    found = scan(filled.home, people.traces_for(filled, ask(filled)).literals())
    places = {hit.split(":")[0] for hit in found.hits}
    for part in ("landing/_originals", "landing/loyalty", "landing/_quarantine", "published/g000001/parquet", "published/g000002/masked",
                 "published/g000001/in_clear", "published/g000001/replaced",
                 "warehouse", "state", "audit/entries", "dagster", "dbt_target", "logs", "runs", "rulings_inbox", "audiences_inbox", "audiences/",
                 "activation/mailer/packed", "activation/mailer/2026", "rights/access", "share/", "psi/",
                 "web/pictures", "web/answers", "web/spill", "web/web.sqlite-wal", "web/watched.sqlite", "state.importing", "spark/given",
                 "activation/.spill", "warehouse.duckdb.tmp", "runs/run/report"):  # fmt: skip
        assert any(place.startswith(part) for place in places), part
    assert not found.unreadable


def stores_of(home: Settings, request: Request) -> dict[str, int]:
    """Store → rows of the person of a request, counted now."""
    count = counting.renewed(home, [request], {}, [request.request_id])[request.request_id]
    assert count is not None
    found: dict[str, int] = count["stores"]
    return found


def test_find_counts_her_per_store_and_changes_nothing(filled: Settings) -> None:
    request = ask(filled)
    before = certificate.hashes_of(filled.home)
    counted = stores_of(filled, request)
    (filled.home / "web" / "web.sqlite-shm").unlink(
        missing_ok=True
    )  # of SQLite: who reads beside a log makes it
    assert certificate.hashes_of(filled.home) == before
    assert counted["landing/loyalty/members"] == 1
    assert counted["landing/online_retail/lines"] == 4  # two landed, two in quarantine: one slipped
    assert counted["state.duckdb: main.rulings"] == 1
    assert counted["warehouse.duckdb: journeys.customer_touchpoints"] == 1
    assert counted["logs/run.log"] == 1
    assert (
        counted["rights/access/answer.zip"]
        == counted["activation/mailer/packed.csv.gz"]
        == counted["web/watched.sqlite"]
        == 1
    )
    assert counted["audit"] == 2  # her page was opened, and a query looked for her address


def test_every_file_of_a_home_belongs_to_a_store(filled: Settings) -> None:
    names = [path.relative_to(filled.home).as_posix() for path in filled.home.rglob("*") if path.is_file()]
    assert [name for name in names if stores.store_of(name) is None] == []
    assert {store.step for store in stores.STORES} - {"-"} <= set(erasure.STEPS)
    assert stores.store_of("something/new.csv") is None


def test_every_room_that_keeps_something_finds_and_erases_it(filled: Settings) -> None:
    for name in rooms.ROOMS:
        found = rooms.room(name)
        assert found.STORES and callable(found.find) and callable(found.erase), name
    asked = SoughtPeople(filled, people.traces_for(filled, ask(filled)))
    for name in rooms.ROOMS:
        assert sum(rooms.room(name).find(filled, asked).values()) > 0, name


def test_every_table_of_state_is_cut_by_the_names_of_its_columns_or_holds_nobody(settings: Settings) -> None:
    """A new table of state that names people under a new column's name fails here: give the name to `tables`, or the table to this list."""
    nobody = {
        "key_fingerprint", "suppressions", "loads", "held_files", "quarantine_summary", "identity_generations", "identity_models", "issued_ids",
        "identity_overfull_blocks", "identity_quality", "customer_value_fit", "rfm_cut_points_by_date", "scorecard_by_date", "generations",
        "generation_tables", "deliveries", "delivery_rulings", "inbox_seen", "home_events", "decisions", "schema_migrations", "verification_turns",
        "rights_requests", "rights_identities", "rights_holds", "rights_events", "rights_erasures", "rights_suppressed", "erased_orders",
        "activation_lists", "activation_batches", "activation_former_files", "activation_counts", "generation_files", "damage_found", "rights_wishes", "rights_answers",
        "home_region", "retention_counts", "share_releases", "collected_columns", "activation_parked_orders", "cut_versions",
    }  # fmt: skip
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select table_name, list(column_name) from duckdb_columns() where not internal group by all"
        ).fetchall()
    unknown = {table for table, columns in rows if not hers.can_tell(columns)} - nobody
    assert unknown == set()


def check_gone(settings: Settings, document: dict[str, object], touches: int = small.TOUCHES) -> None:
    """No decoded cell holds her; he, and the money, are as they were."""
    looked = scan(
        settings.home, EVERYTHING_OF_HERS[:-1], leave_out=[settings.home / "rights" / "erasures.jsonl"]
    )
    assert looked.hits == [] and looked.unreadable == []
    assert scan(settings.inbox_dir, EVERYTHING_OF_HERS).hits == []
    assert looked.cells > touches
    assert document["status"] == "final", document["waiting"]
    assert receipts.is_genuine(document, receipts.public_key(load_key(settings)))
    assert certificate.check(document, load_key(settings)) == []
    assert current_generation(settings) == "g000002-r2"
    assert verify_files(settings) == [] and verify_landing(settings) == []
    assert cells_of(settings, "select order_id, customer_id, source_customer_id, net_amount::double, is_anonymous from marts.orders order by 1") == [
        ("900016", HIS, "660016", 10.5, False), ("900017", None, None, 10.5, True),
    ]  # fmt: skip
    assert cells_of(settings, "select net_amount::double from marts.revenue_by_channel") == [(21.0,)]
    assert cells_of(settings, "select count(*), count(customer_id) from marts.touchpoints") == [
        (touches - 1, 0)
    ]
    assert cells_of(settings, "select customer_id from marts.customers") == [(HIS,)]
    # of five people in a cell four would be left: who knows them would know her
    assert cells_of(settings, "select cohort_month, cohort_customers from marts.customer_cohorts") == [
        ("2026-02", 6)
    ]
    with duckdb.connect(
        str(settings.warehouse_path), read_only=True
    ) as con:  # her browser's answer went, others' stay
        rows = con.execute(
            "select statement_id from history.consent_statements_by_date order by 1"
        ).fetchall()
        assert [row[0] for row in rows if row[0] in ("sdev1", "sdev2")] == ["sdev2"]
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select customer_id, record_key from customer_id_history").fetchall() == [
            (HIS, keys_of(settings)["his"])
        ]
        issued = dict(con.execute("select customer_id, origin_record_key from issued_ids").fetchall())
        assert issued == {HERS: "erased", HIS: keys_of(settings)["his"]}
        counts = con.execute(
            "select file_name, parsed_rows, landed_rows, quarantined_rows, erased_rows, anonymised_rows from loads where status = 'landed' order by 1"
        ).fetchall()
        held = con.execute("select parsed_rows, status from loads where status = 'held'").fetchall()
        requests_left = con.execute("select status from rights_requests").fetchall()
    assert counts == [
        ("2026-01-02.csv", 32, 29, 1, 1, 1), ("2026-01-03.csv", 2, 1, 0, 0, 1), ("members_2026-01-01.csv", 30, 29, 0, 1, 0),
    ]  # fmt: skip
    assert held == [(10, "held")]
    assert requests_left == [("completed",)]
    assert audit.verify(settings).problems == []
    assert [entry.subjects for entry in audit.read(settings, action="view")] == [(HIS,)]
    assert len(list((settings.home / "rulings_inbox").glob("*.json"))) == 1
    assert (settings.logs_dir / "run.log").read_text() == "all well\nended\n"
    assert not (settings.home / "rights" / "access" / "answer.zip").exists()
    assert list((settings.home / "audiences_inbox").glob("*.json")) == []
    assert (settings.home / "psi" / "partner" / "matched.csv").read_text() == "ben16@example.test\n"
    assert (
        gzip.decompress((settings.home / "activation" / "mailer" / "packed.csv.gz").read_bytes())
        == b"x@x.test\n"
    )
    for gone in (
        "web/answers",
        "web/spill/999999999-x",
        "activation/.spill",
        "warehouse.duckdb.tmp",
        "state.importing",
        "spark",
    ):
        assert not (settings.home / gone).exists(), gone
    with closing(sqlite3.connect(settings.home / "web" / "web.sqlite")) as con:
        assert con.execute("select * from sessions").fetchall() == [("ann",)]
    page = next((settings.home / "rights" / "certificates").glob("*.html")).read_text()
    assert "final" in page and document["root"]["hash"] in page  # type: ignore[index]


def test_she_is_gone_everywhere_and_everybody_else_stays(filled: Settings) -> None:
    document = erasure.carry_out(filled, begin(filled))
    check_gone(filled, document)
    assert not list((filled.home / "rights" / "erasing").glob("*"))
    ended = date.fromisoformat(document["ended_at"][:10])
    kept = filled.model_copy(update={"keep_certificates_days": 30})
    assert certificate.expire(filled, ended + timedelta(days=1000)) == 0
    assert [certificate.expire(kept, ended + timedelta(days=days)) for days in (30, 31)] == [0, 1]
    assert not list((filled.home / "rights" / "certificates").glob("*"))
    # her files land again as the deliveries that they were, and bring nobody back
    small.land(filled)
    assert verifying.verify(filled, document).holds
    text = json.dumps(document)
    assert not [each for each in EVERYTHING_OF_HERS[:-1] if each.lower() in text.lower()]


def test_what_people_wrote_of_her_in_reasons_goes_and_the_rest_of_the_ledger_stays(filled: Settings) -> None:
    """An officer notes whom she called, a steward whom a record is not: free texts, of rows that are nobody's or somebody else's."""
    earlier, asked = ask(filled), ask(filled)
    with connect_state(filled) as con:
        requests.decide(con, earlier.request_id, "refused", actor="ann", reason=f"{MAIL} was not known")
        requests.verify_person(con, asked.request_id, actor="ann", how="called Rosa Canary at 415 555-0101")
        hold = requests.read_hold("online_retail.lines.customer_id until 2999-01-01: Rosa Canary owes us")
        requests.add_hold(con, asked.request_id, hold)
        con.execute(
            "insert into rulings values ('r2', 'cannot_link', ?, ?, 'not Rosa Canary', 'ann', date '2026-01-05', null, false)",
            [keys_of(filled)["his"], "0" * 32],
        )
    showing.show(filled)
    how = carrying.How("officer", rewrites_inbox=True, is_named=True)
    (document,) = carrying.carry_out(filled, [asked], how).certificates
    assert document["status"] == "final", document["scan"]["found"]
    for place in ("certificates", "erasures.jsonl", "shown.json", "receipts"):
        kept = filled.home / "rights" / place
        for path in [kept] if kept.is_file() else kept.glob("*"):
            assert "rosa" not in path.read_text(encoding="utf-8").lower(), path
    with connect_state(filled, read_only=True) as con:
        assert con.execute("select reason, ruled_by from rulings").fetchall() == [(tables.TEXT_GONE, "ann")]
        events = con.execute("select detail from rights_events where event in ('refused', 'verified')").fetchall()  # fmt: skip
        assert events == [(tables.TEXT_GONE,), (tables.TEXT_GONE,)]
        assert con.execute("select status, outcome from rights_requests where request_id = ?", [earlier.request_id]).fetchall() == [("refused", tables.TEXT_GONE)]  # fmt: skip
    assert document["kept_on_hold"][0]["reason"] == tables.TEXT_GONE


@pytest.mark.slow
def test_a_hold_two_requests_and_an_answer_that_nobody_fetched(filled: Settings) -> None:
    """Two requests of one person are one erasure; her answer goes with her; the buyer's number of a tax record stays, and is said."""
    asked = ask(filled)
    with connect_state(filled) as con:
        hold = requests.read_hold("online_retail.lines.customer_id: tax record")
        requests.add_hold(con, asked.request_id, hold)
        again = requests.take(
            con, load_key(filled), NewRequest("erase", [Identity("phone", small.PHONE)], is_verified=True), actor="officer"
        )  # fmt: skip
        con.execute(
            "insert into rights_answers values ('a1', 'a1.zip', 'x', now()::timestamp, timestamp '2999-01-01', null, null, null)"
        )
        con.execute("insert into rights_answer_records values ('a1', ?)", [keys_of(filled)["loyalty"]])
    (answers.folder(filled) / "a1.zip").write_bytes(b"an answer")
    assert stores_of(filled, asked)["answers/a1.zip"] == 1
    how = carrying.How("officer", rewrites_inbox=True)
    carried = carrying.carry_out(filled, people.due_requests(filled), how)
    assert not carried.certificates and all("was not fetched yet" in each for each in carried.problems)
    chosen = people.due_requests(filled, [asked.request_id, again.request_id])
    carried = carrying.carry_out(filled, chosen, carrying.How("officer", rewrites_inbox=True, is_named=True))
    assert not carried.problems
    (document,) = carried.certificates
    assert document["status"] == "final", (document["waiting"], document["scan"]["found"])
    assert [(each["column_name"], each["rows"]) for each in document["kept_on_hold"]] == [
        ("customer_id", 3)
    ]  # one of them in quarantine
    assert not list((filled.home / "answers").iterdir())
    with connect_state(filled, read_only=True) as con:
        stands = dict(con.execute("select request_id, outcome from rights_requests").fetchall())
    assert "final" in stands[asked.request_id] and stands[again.request_id].startswith("erased before")
    looked = scan(filled.home, EVERYTHING_OF_HERS[:-1], leave_out=[filled.home / "rights"])
    assert looked.hits == []  # but for the held number, which is no literal of these
    held = scan(filled.home, [small.BUYER], leave_out=[filled.home / "rights"])
    assert held.hits and all(hit.startswith("landing/") and "loyalty" not in hit for hit in held.hits)
    assert verifying.verify(filled, document).holds
    late = ask(filled)
    said = carrying.carry_out(filled, [late], how).done
    assert "erased before" in said[0]


@pytest.mark.slow
def test_a_request_that_names_somebody_else_too_does_not_end_with_her(filled: Settings) -> None:
    """Ben's request names an address of hers by mistake: it waits for a word, and is his when she is gone."""
    identities = [Identity("email", MAIL), Identity("email", "ben16@example.test")]
    with connect_state(filled) as con:
        of_both, hers_alone = (
            requests.take(
                con, load_key(filled), NewRequest("access", each, is_verified=True), actor="officer"
            )
            for each in (identities, identities[:1])
        )
    how = carrying.How("officer", rewrites_inbox=True, is_named=True)
    (document,) = carrying.carry_out(filled, [ask(filled)], how).certificates
    assert document["status"] == "final"
    with connect_state(filled, read_only=True) as con:
        left = {each: requests.find(con, each.request_id).status for each in (of_both, hers_alone)}
    assert list(left.values()) == ["received", "completed"]
    assert people.found_by(filled, of_both).customer_ids == [HIS]


def test_what_was_held_goes_when_its_day_is_past(filled: Settings) -> None:
    erase_with_hold(filled)
    assert scan(filled.home, [small.BUYER], leave_out=[filled.home / "rights"]).hits
    assert upkeep(filled) == []
    with connect_state(filled) as con:
        con.execute("update rights_holds set until_date = current_date - 1")
    said = upkeep(filled)
    assert (
        len(said) == 1 and "past its day" in said[0] and "interim" in said[0]
    )  # the delivered files hold it, too
    for path in filled.inbox_dir.glob("online_retail/*"):
        path.unlink()
    assert "final" in upkeep(filled)[0] and upkeep(filled) == []
    assert scan(filled.home, [small.BUYER], leave_out=[filled.home / "rights"]).hits == []
    assert verify_files(filled) == [] and verify_landing(filled) == []


@pytest.mark.slow
def test_who_is_only_in_quarantine_is_erased_though_no_build_knows_her(filled: Settings) -> None:
    lost = "lost.soul@example.test"
    broken = (
        small.member(17)
        .replace(small.MEMBER, "OF77709999")
        .replace(MAIL.upper(), lost)
        .replace("1980-01-01", "then")
    )
    broken = (
        broken.replace(small.NAME, "Lost Soul")
        .replace("(415) 555-0101", "")
        .replace("2024-01-01", "some day")
    )
    small.deliver(
        filled,
        "loyalty/members_2026-01-02.csv",
        small.MEMBERS + "".join(small.member(n) for n in range(1, 31)) + broken,
    )
    small.land(filled)
    assert any(hit.startswith("landing/_quarantine") for hit in scan(filled.home, [lost]).hits)
    asked = ask(filled, email=lost)
    showing.show(filled, (asked.request_id,))
    counted = showing.kept_count(filled, asked.request_id)
    assert counted is not None and (counted["records"], counted["stores"]) == (
        0,
        {"landing/loyalty/members": 1},
    )
    carried = carrying.carry_out(filled, [asked], carrying.How("officer", rewrites_inbox=True))
    (document,) = carried.certificates
    assert document["status"] == "final" and not carried.problems
    assert scan(filled.home, [lost]).hits == scan(filled.inbox_dir, [lost]).hits == []
    assert scan(filled.home, [MAIL]).hits  # Rosa did not ask
    small.deliver(
        filled,
        "loyalty/members_2026-01-03.csv",
        small.MEMBERS + broken.replace("some day", "2024-01-01").replace("then", "1980-01-01"),
    )
    small.land(filled)
    assert scan(filled.home, [lost]).hits == []
    assert (
        "erased before"
        in carrying.carry_out(filled, [ask(filled, email=lost)], carrying.How("officer")).done[0]
    )


@pytest.mark.parametrize(
    ("hold", "found"),
    [
        ("nowhere.orders: tax", "no table"),
        ("loyalty.members: tax", "only a person"),
        ("online_retail.lines.quantity: tax", "no column of a person"),
    ],
)
def test_a_hold_that_cannot_be_kept_is_refused(settings: Settings, hold: str, found: str) -> None:
    with pytest.raises(RequestProblem, match=found):
        holds.check(settings, [requests.read_hold(hold)])


@pytest.mark.slow
def test_killed_after_any_step_the_next_start_ends_the_same(filled: Settings, tmp_path: Path) -> None:
    """One home, killed after every step in turn: each start goes on from where the last one died."""
    begun = begin(filled)
    steps: list[str] = []

    def die(step: str) -> None:
        if step not in steps:
            steps.append(step)
            raise Killed

    for _ in range(30):
        try:
            left = journal.open_journals(filled)
            if not left:
                break
            document = erasure.carry_out(filled, left[0], die)
        except Killed:
            continue
    else:
        pytest.fail("it never ended")
    del begun
    assert {"manifest", "suppress", "landing", "generations/state written", "state", "proof"} <= set(steps)
    document = certificate.read_certificate(next((filled.home / "rights" / "certificates").glob("*.json")))
    check_gone(filled, document)


@pytest.mark.slow
def test_a_restored_backup_brings_nobody_back(filled: Settings, tmp_path: Path) -> None:
    make_backup(filled, tmp_path / "backup", with_key=False)
    document = erasure.carry_out(filled, begin(filled))
    assert document["status"] == "final"
    restored = Settings(
        home=tmp_path / "new", inbox=filled.inbox_dir, key=KEY, erasure_manifest=journal.manifest_path(filled)
    )
    restore_backup(restored, tmp_path / "backup")
    assert scan(restored.home, [MAIL]).hits
    said = erasure.resume(restored)
    assert len(said) == 1 and "newer than what was restored" in said[0]
    looked = scan(restored.home, EVERYTHING_OF_HERS[:-1], leave_out=[restored.home / "rights"])
    assert [hit for hit in looked.hits if not hit.startswith("rulings_inbox")] == []
    assert erasure.resume(restored) == []


@pytest.mark.slow
def test_what_is_on_hold_stays_though_the_restored_backup_is_older_than_the_hold(
    filled: Settings, tmp_path: Path
) -> None:
    make_backup(filled, tmp_path / "backup", with_key=False)
    document = erase_with_hold(filled)
    restored = Settings(
        home=tmp_path / "new", inbox=filled.inbox_dir, key=KEY, erasure_manifest=journal.manifest_path(filled)
    )
    restore_backup(restored, tmp_path / "backup")
    erasure.resume(restored)
    again = certificate.read_certificate(next((restored.home / "rights" / "certificates").glob("*.json")))
    assert again["kept_on_hold"] == document["kept_on_hold"]
    assert scan(restored.home, [small.BUYER], leave_out=[restored.home / "rights"]).hits


@pytest.mark.slow
def test_a_certificate_waits_for_who_still_reads_what_was_replaced(filled: Settings) -> None:
    """A worker of the site, or an analyst, that has the former generation open goes on reading her until it lets go."""
    marts = filled.published_dir / "current" / "marts.duckdb"
    code = f"import duckdb, sys; con = duckdb.connect({str(marts)!r}, read_only=True); print('open', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout and reader.stdin and reader.stdout.readline() == "open\n"
        document = erasure.carry_out(filled, begin(filled))
        assert document["status"] == "interim"
        assert [str(reader.pid) in each for each in document["waiting"]] == [True]
        assert erasure.resume(filled) == []
        reader.stdin.write("\n")
        reader.stdin.flush()
        reader.wait()
    assert "final" in erasure.resume(filled)[0]


@pytest.mark.slow
def test_what_waits_in_a_write_ahead_log_goes_too(filled: Settings) -> None:
    with duckdb.connect(str(filled.state_path)) as con:
        con.execute("pragma disable_checkpoint_on_shutdown")
        con.execute(
            "insert into lifecycle_by_date values (date '2026-01-06', ?, 'active', null, 1, 1)", [HERS]
        )
    assert filled.state_path.with_name("state.duckdb.wal").exists()
    document = erasure.carry_out(filled, begin(filled))
    check_gone(filled, document)


WAITING = "waits.for.long@example.test"


@pytest.mark.parametrize(
    ("name", "encoding", "status"),
    [
        ("loyalty/members_2026-01-05.csv", "utf-8", "final"),  # held: it lost two thirds of the rows
        pytest.param(
            "loyalty/partners.txt", "utf-8", "final", marks=pytest.mark.slow
        ),  # no export of this name
        pytest.param("nobody_knows/list.csv", "gb18030", "final", marks=pytest.mark.slow),  # no such channel
        ("stray.csv", "utf-16", "interim"),  # lines cannot be taken out of it
    ],
)
def test_who_stands_only_in_a_file_that_never_landed_is_found_and_goes(
    filled: Settings, name: str, encoding: str, status: str
) -> None:
    row = small.member(99).replace("ben99@example.test", WAITING).replace("Ben Other 99", "王小明")
    text = small.MEMBERS + "".join(small.member(n) for n in range(20, 23)) + row
    small.deliver(filled, name, text.encode(encoding))
    small.land(filled)
    request = ask(filled, email=WAITING)
    showing.show(filled, (request.request_id,))
    counted = showing.kept_count(filled, request.request_id)
    assert counted is not None and sum(counted["stores"].values()) >= 1
    assert all(name in store for store in counted["stores"])
    carried = carrying.carry_out(filled, [request], carrying.How("officer", rewrites_inbox=True))
    (document,) = carried.certificates
    assert (document["status"], carried.problems) == (status, [])
    left = (filled.inbox_dir / name).read_bytes().decode(encoding)
    assert (WAITING in left) == (status == "interim") == bool(document["waiting"])
    assert "ben21@example.test" in left  # who did not ask
    if status == "interim":
        (filled.inbox_dir / name).unlink()
        assert "final" in erasure.resume(filled)[0]
    assert scan(filled.home, [WAITING]).hits == scan(filled.inbox_dir, [WAITING]).hits == []


@pytest.mark.parametrize("kind", ["access", "object"])
def test_a_request_of_somebody_whom_no_build_has_read_yet_stays_open(filled: Settings, kind: str) -> None:
    identities = [Identity("email", WAITING)]
    new = NewRequest(
        kind, identities, is_verified=True, wish=Wish(("marketing",)) if kind == "object" else Wish()
    )
    with connect_state(filled) as con:
        request = requests.take(con, load_key(filled), new, actor="officer")
    small.deliver(filled, "nobody_knows/list.csv", f"who,mail\nx,{WAITING}\n")
    carried = carrying.carry_out(filled, [request], carrying.How("officer"))
    (problem,) = carried.problems
    assert "inbox/nobody_knows/list.csv" in problem and not carried.done
    (filled.inbox_dir / "nobody_knows/list.csv").unlink()
    carried = carrying.carry_out(filled, [request], carrying.How("officer"))
    assert "nobody is found" in carried.done[0] and not carried.problems


def test_a_file_that_never_landed_waits_for_its_owner_unless_it_may_be_rewritten(filled: Settings) -> None:
    small.deliver(filled, "nobody_knows/list.csv", f"who,mail\nx,{WAITING}\n")
    before = (filled.inbox_dir / "nobody_knows/list.csv").read_bytes()
    carried = carrying.carry_out(filled, [ask(filled, email=WAITING)], carrying.How("officer"))
    (document,) = carried.certificates
    assert document["status"] == "interim" and [each.split(" ")[0] for each in document["waiting"]] == [
        "nobody_knows/list.csv"
    ]
    assert (filled.inbox_dir / "nobody_knows/list.csv").read_bytes() == before


@pytest.mark.slow
def test_a_file_that_stays_in_the_inbox_keeps_the_certificate_interim(filled: Settings) -> None:
    request = ask(filled)
    traces = people.traces_for(filled, request)
    document = erasure.carry_out(filled, erasure.begin(filled, [request.request_id], traces, actor="officer"))
    assert document["status"] == "interim"
    waiting = document["waiting"]
    assert len(waiting) == 4 and all("inbox" in each for each in waiting)
    with connect_state(filled, read_only=True) as con:
        assert requests.find(con, request.request_id).status == "in_progress"
    (kept,) = (filled.home / "rights" / "erasing").glob("*.json")
    assert MAIL.encode() not in kept.read_bytes()
    assert erasure.resume(filled) == []
    for each in waiting:
        (filled.inbox_dir / each.split(" ")[0]).unlink()
    assert "final" in erasure.resume(filled)[0]
    assert not kept.exists() and not (filled.home / "rights" / "vault_key").exists()
    with connect_state(filled, read_only=True) as con:
        assert requests.find(con, request.request_id).status == "completed"


def test_a_damaged_file_that_never_landed_is_disclosed_and_a_parquet_file_is_looked_into(
    filled: Settings,
) -> None:
    small.deliver(filled, "nobody_knows/list.xlsx", b"PK\x03\x04 and nothing more")
    columns = filled.inbox_dir / "nobody_knows" / "list.parquet"
    pq.write_table(pa.table({"who": ["x"], "mail": [WAITING]}), columns)
    request = ask(filled, email=WAITING)
    carried = carrying.carry_out(filled, [request], carrying.How("officer", rewrites_inbox=True))
    (document,) = carried.certificates
    assert document["status"] == "interim"
    assert [each.split(" ")[0] for each in document["waiting"]] == ["nobody_knows/list.parquet"]
    said = [each for each in document["not_reached"] if "cannot be read" in each]
    assert [each.split(" ")[0] for each in said] == ["inbox/nobody_knows/list.xlsx"]
    columns.unlink()
    assert "final" in erasure.resume(filled)[0]


def workbook(*cells: str) -> bytes:
    written = io.BytesIO()
    book = openpyxl.Workbook()
    for cell in ("who", *cells):
        book.active.append([cell])
    book.save(written)
    return written.getvalue()


def test_damaged_files_of_any_kind_stop_no_erasure_and_are_named(filled: Settings) -> None:
    """In the home they keep the certificate interim until somebody has looked; in the inbox their owner is told."""
    magics = {
        "a.zip": b"PK\x03\x04",
        "a.gz": b"\x1f\x8b",
        "a.parquet": b"PAR1",
        "a.sqlite": b"SQLite format 3\0",
        "a.duckdb": b"01234567DUCK",
    }
    for folder in (filled.home / "exports", filled.inbox_dir / "strays"):
        folder.mkdir()
        for name, magic in magics.items():
            (folder / name).write_bytes(magic + b"no more than a beginning")
    begun = begin(filled)
    document = erasure.carry_out(filled, begun)
    assert document["status"] == "interim"
    assert sorted(each.partition(" ")[0] for each in document["scan"]["unreadable"]) == sorted(f"exports/{name}" for name in magics)  # fmt: skip
    for name in magics:
        assert f"inbox/strays/{name} cannot be read" in str(document["not_reached"]), name
    shutil.rmtree(filled.home / "exports")
    assert "final" in erasure.resume(filled)[0]


def test_a_file_that_never_landed_is_looked_through_for_her_ids_and_her_name_too(filled: Settings) -> None:
    """Her card's number is hers anywhere; her name alone may be that of somebody of whom nothing has landed: its owner is told, nothing waits for it."""
    small.deliver(filled, "nobody_knows/cards.xlsx", workbook(small.MEMBER))
    small.deliver(filled, "nobody_knows/names.xlsx", workbook(small.NAME, "Ben Other"))
    pq.write_table(pa.table({"who": [small.NAME]}), filled.inbox_dir / "nobody_knows" / "names.parquet")
    small.deliver(filled, "nobody_knows/cards.csv", f"who\n{small.MEMBER}\nOF77709999\n{small.NAME}\n")
    request = ask(filled)
    stores_found = {name: rows for name, rows in stores_of(filled, request).items() if "nobody_knows" in name}
    likely = "(by a name or a short id only)"
    assert stores_found == {
        "inbox/nobody_knows/cards.xlsx": 1,
        "inbox/nobody_knows/cards.csv": 1,
        f"inbox/nobody_knows/cards.csv {likely}": 1,
        f"inbox/nobody_knows/names.xlsx {likely}": 1,
        f"inbox/nobody_knows/names.parquet {likely}": 1,
    }
    carried = carrying.carry_out(filled, [request], carrying.How("officer", rewrites_inbox=True))
    (document,) = carried.certificates
    assert document["status"] == "interim" and [each.split(" ")[0] for each in document["waiting"]] == [
        "nobody_knows/cards.xlsx"
    ]
    assert (filled.inbox_dir / "nobody_knows/cards.csv").read_text() == f"who\nOF77709999\n{small.NAME}\n"
    said = [each.split(" ")[0] for each in document["not_reached"] if "which may be somebody else's" in each]
    assert sorted(said) == [
        f"inbox/nobody_knows/{name}" for name in ("cards.csv", "names.parquet", "names.xlsx")
    ]
    (filled.inbox_dir / "nobody_knows/cards.xlsx").unlink()
    assert "final" in erasure.resume(filled)[0]


def test_who_is_known_by_a_card_alone_is_found_in_files_that_never_landed(filled: Settings) -> None:
    small.deliver(filled, "nobody_knows/cards.csv", "who\nOF77708888\nOF77709999\n")
    with connect_state(filled) as con:
        request = requests.take(
            con, load_key(filled), NewRequest("erase", [Identity("record", "loyalty/OF77708888")], is_verified=True), actor="officer"
        )  # fmt: skip
    carried = carrying.carry_out(filled, [request], carrying.How("officer", rewrites_inbox=True))
    (document,) = carried.certificates
    assert document["status"] == "final"
    assert (filled.inbox_dir / "nobody_knows/cards.csv").read_text() == "who\nOF77709999\n"


@pytest.mark.slow
def test_leave_to_cut_delivered_files_may_be_given_after_the_erasure_has_begun(filled: Settings) -> None:
    request = ask(filled)
    traces = people.traces_for(filled, request)
    erasure.carry_out(filled, erasure.begin(filled, [request.request_id], traces, actor="officer"))
    with pytest.raises(RequestProblem, match="under way"):
        people.due_requests(filled, [request.request_id])
    (again,) = people.due_requests(filled, [request.request_id], may_go_on=True)
    assert again.status == "in_progress"
    carried = carrying.carry_out(filled, [again], carrying.How("officer", rewrites_inbox=True, is_named=True))
    (document,) = carried.certificates
    assert (document["status"], carried.problems, document["waiting"]) == ("final", [], [])
    assert scan(filled.inbox_dir, [MAIL]).hits == []
    with connect_state(filled, read_only=True) as con:
        assert requests.find(con, request.request_id).status == "completed"


@pytest.mark.slow
def test_a_key_at_a_platform_waits_for_its_removal(filled: Settings) -> None:
    with connect_state(filled) as con:
        con.execute("insert into activation_lists values (1, 'somewhere', 'best')")
        con.execute(
            "insert into activation_keys values (7, 'email', 'abcdef0123456789'), (8, 'email', '9876543210fedcba')"
        )
        con.execute("insert into activation_key_customers values (7, ?), (8, ?)", [HERS, HIS])
        con.execute(
            "insert into activation_entries values (1, 7, 'email', 1, null), (1, 8, 'email', 1, null)"
        )
    document = erasure.carry_out(filled, begin(filled))
    assert document["status"] == "interim" and "somewhere: 1 keys" in str(document["waiting"])
    with connect_state(filled) as con:
        assert con.execute("select customer_id from activation_key_customers").fetchall() == [(HIS,)]
        con.execute("delete from activation_entries where key_id = 7")
    assert "final" in erasure.resume(filled)[0]
    # what was done before the platform answered stands in the final certificate, too
    final = certificate.read_certificate(certificate.certificate_path(filled, document["erasure_id"]))
    for step in ("generations", "warehouse", "state"):
        assert set(document["stores"][step]["removed"]) <= set(final["stores"][step]["removed"]), step
    with connect_state(filled, read_only=True) as con:
        assert con.execute("select key_id from activation_keys").fetchall() == [(8,)]


@pytest.mark.slow
def test_she_may_come_back_with_evidence_and_the_certificate_says_so(filled: Settings) -> None:
    begun = begin(filled)
    document = erasure.carry_out(filled, begun)
    small.deliver(
        filled,
        "loyalty/members_2026-02-01.csv",
        small.MEMBERS + "".join(small.member(n) for n in range(1, 31)),
    )
    small.land(filled)
    assert verifying.verify(filled, document).returned == []
    with connect_state(filled) as con:
        with pytest.raises(RequestProblem, match="evidence"):
            requests.readmit(con, begun.request_ids[0], actor="officer", evidence=" ")
        assert (
            requests.readmit(con, begun.request_ids[0], actor="officer", evidence="form 12, 2026-02-02") > 3
        )
    small.deliver(
        filled,
        "loyalty/members_2026-02-03.csv",
        small.MEMBERS + "".join(small.member(n) for n in range(1, 32)),
    )
    small.land(filled)
    verdict = verifying.verify(filled, document)
    assert verdict.returned and verdict.holds and "lawful" in verdict.returned[-1]


@pytest.mark.slow
def test_a_forged_certificate_does_not_hold(filled: Settings) -> None:
    document = erasure.carry_out(filled, begin(filled))
    forged = {**document, "waiting": [], "request_ids": ["another"]}
    assert certificate.check(forged, load_key(filled)) == [
        "the signature is not that of this home over this text"
    ]
    forged = {**document, "files_after": {**document["files_after"], "state.duckdb": "00"}}
    assert len(certificate.check(forged, load_key(filled))) == 2


def test_nobody_two_people_and_strangers_by_score(filled: Settings) -> None:
    assert people.found_by(filled, ask(filled, email="nobody@example.test")).seeds == []
    assert people.traces_for(filled, ask(filled, email="nobody@example.test")) == Traces()
    both = ask(filled, email=MAIL, customer_id=HIS)
    with pytest.raises(RequestProblem, match="fits 2 customers"):
        people.traces_for(filled, both)
    with duckdb.connect(str(filled.warehouse_path)) as con:
        con.execute("update identity.customer_ids set customer_id = ?", [HERS])
    hers = ask(filled)
    found = people.found_by(filled, hers)
    assert [each.record_key for each in found.by_score] == [keys_of(filled)["his"]]
    assert "Ben" not in str(found.by_score)
    with pytest.raises(RequestProblem, match="by score only"):
        people.traces_for(filled, hers)
    left = people.traces_for(filled, hers, left=["all"])
    assert keys_of(filled)["his"] not in left.record_keys
    assert left.customer_ids == []  # the id stays with whom it is left to
    assert keys_of(filled)["his"] in people.traces_for(filled, hers, confirmed=["all"]).record_keys


@pytest.mark.slow
def test_a_second_request_for_one_already_erased_finds_nobody(filled: Settings) -> None:
    erasure.carry_out(filled, begin(filled))
    again = ask(filled)
    assert people.traces_for(filled, again).is_empty


@contextmanager
def a_disk_with_room_for(size: int) -> Iterator[None]:
    """Inside the block no file of this process grows beyond so many bytes: writes fail in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# what is written again → the step before it, and the bytes that there is room for: less than the file needs
FULL_AT = {
    "landing": ("suppress", 1_000),
    "generations": ("inbox", 1 << 20),
    "warehouse": ("generations", 1 << 20),
    "state": ("audit", 1 << 19),
}


@pytest.mark.slow
def test_a_full_disk_in_the_middle_is_no_loss(filled: Settings) -> None:
    """The disk is full at landing, at the generations, at the build, at state: readers keep a whole generation, and the next start goes on."""
    begin(filled)
    failed = []
    for step, (before, size) in FULL_AT.items():
        with ExitStack() as disk:

            def reached(done: str, before: str = before, size: int = size, disk: ExitStack = disk) -> None:
                if done == before:
                    disk.enter_context(a_disk_with_room_for(size))

            with pytest.raises((OSError, duckdb.Error)):
                erasure.carry_out(filled, journal.open_journals(filled)[0], reached)
        failed.append(step)
        (left,) = journal.open_journals(filled)
        assert before in left.done and step not in left.done
        shown = current_generation(filled)
        assert shown is not None and cells_of(filled, "select count(*) from marts.orders") == [(2,)]
        with connect_state(filled, read_only=True) as con:
            assert con.execute("select count(*) from customer_id_history").fetchall() == [(3,)], step
    assert failed == list(FULL_AT)
    said = erasure.resume(filled)
    assert len(said) == 1 and "final" in said[0]
    check_gone(
        filled, certificate.read_certificate(next((filled.home / "rights" / "certificates").glob("*.json")))
    )
    assert [path.name for path in filled.home.rglob("*.erasing*")] == []
    assert [path.name for path in filled.published_dir.glob(".writing*")] == []


@pytest.mark.slow
def test_the_command_says_that_the_disk_is_full_and_the_same_again_goes_on(
    filled: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(filled)
    monkeypatch.setenv("ONEFOLD_KEY", KEY)

    def run() -> int:
        return commands.run_requests(
            [],
            confirm=[],
            leave=[],
            rewrite_inbox=True,
            drop_older=False,
            home=filled.home,
            inbox=filled.inbox_dir,
        )

    with a_disk_with_room_for(1 << 20):
        assert run() == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "the disk is full" in said and "free space" in said and MAIL not in said
    assert cells_of(filled, "select count(*) from marts.orders") == [(2,)]
    assert run() == 0
    assert "is final now" in capsys.readouterr().out
    check_gone(
        filled, certificate.read_certificate(next((filled.home / "rights" / "certificates").glob("*.json")))
    )


@pytest.mark.slow
def test_two_people_go_in_one_erasure_and_the_money_stays(filled: Settings) -> None:
    asked = [ask(filled), ask(filled, customer_id=HIS)]
    both = united(people.traces_for(filled, each) for each in asked)
    begun = erasure.begin(
        filled, [each.request_id for each in asked], both, actor="officer", rewrites_inbox=True
    )
    document = erasure.carry_out(filled, begun)
    assert document["status"] == "final", document["waiting"]
    looked = scan(
        filled.home, [*EVERYTHING_OF_HERS[:-1], HIS, "ben16@example.test"], leave_out=[filled.home / "rights"]
    )
    assert looked.hits == [] and looked.unreadable == []
    assert cells_of(filled, "select order_id, customer_id, is_anonymous from marts.orders order by 1") == [
        ("900016", None, True),
        ("900017", None, True),
    ]
    assert cells_of(filled, "select net_amount::double from marts.revenue_by_channel") == [(21.0,)]
    with connect_state(filled, read_only=True) as con:
        assert con.execute("select status from rights_requests").fetchall() == [
            ("completed",),
            ("completed",),
        ]
