"""What was asked, decided and corrected since a backup is in force again once it is restored: the list outside backups carries it, sealed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.commands import backup as commands
from cdp_assets.keys import load_key
from cdp_assets.operations.backup import make_backup
from cdp_assets.rights import journal, outside, requests
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Hold
from cdp_assets.rights.traces import Traces
from cdp_assets.rights.upkeep import after_restore, upkeep
from cdp_assets.rights.wishes import Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.rights.small_home import HERS, MAIL, keys_of
from tests.rights.test_people_ask import ask_state, asked, carry, pattern, take

__all__ = ["asked", "pattern"]
LEDGER = "select request_id, kind, is_verified, is_extended, status, outcome, due_date from rights_requests order by all"
CORRECTED = "select request_id, record_key, attribute, wrong_pseudonym, right_value, status from rights_corrections order by all"


@pytest.fixture
def backup(asked: Settings, tmp_path: Path) -> Path:
    """State as a backup has it: one correction, one request that is open."""
    carry(asked, take(asked, "correct", Wish(attribute="city", right_value="Alameda")))
    take(asked, "access", is_verified=False)
    upkeep(asked)
    return Path(shutil.copy(asked.state_path, tmp_path / "state.duckdb"))


def restored(settings: Settings, backup: Path) -> list[str]:
    shutil.copy(backup, settings.state_path)
    return after_restore(settings)


def test_what_was_asked_and_corrected_since_is_in_force_again(asked: Settings, backup: Path) -> None:
    (waiting,) = (each for each, kind, *_ in ask_state(asked, LEDGER) if kind == "access")
    with connect_state(asked) as con:
        requests.verify_person(con, waiting, actor="ann", how="called back")
        requests.add_hold(con, waiting, Hold("loyalty.members", "email", "a dispute"))
    carry(asked, take(asked, "correct", Wish(attribute="city", right_value="Berkeley")))
    asked_since = take(asked, "correct", Wish(attribute="full_name", right_value="Rosa C."))
    cancelled = take(asked, "access")
    with connect_state(asked) as con:
        requests.decide(con, cancelled.request_id, "cancelled", actor="ann", reason="she wrote so")
    upkeep(asked)
    before = [ask_state(asked, sql) for sql in (LEDGER, CORRECTED)]
    assert {row[5] for row in before[1]} == {"superseded", "standing"}
    assert restored(asked, backup) == ["4 requests newer than what was restored: in the ledger again"]
    assert [ask_state(asked, sql) for sql in (LEDGER, CORRECTED)] == before
    with connect_state(asked, read_only=True) as con:
        assert [each.reason for each in requests.find(con, waiting).holds] == ["a dispute"]
        events = [event for _, event, _, _ in requests.history(con, cancelled.request_id)]
    assert events == ["received", "cancelled"]
    assert upkeep(asked) == []
    assert not carry(asked, asked_since).problems, "what was open can be carried out"
    listed = journal.manifest_path(asked).read_text(encoding="utf-8")
    assert not [
        each for each in ("Berkeley", "Alameda", "Rosa C.", MAIL, keys_of(asked)["loyalty"]) if each in listed
    ]


def test_a_list_of_people_to_leave_out_is_in_force_again(asked: Settings, backup: Path) -> None:
    with connect_state(asked) as con:
        rows = requests.suppress_hashes(con, load_key(asked), ["ab" * 32, "cd" * 32], "email_lower")
    outside.enter_left_out(asked, rows)
    assert after_restore(asked) == []
    (said,) = restored(asked, backup)
    assert "people to leave out" in said
    assert len(ask_state(asked, "select * from suppressions")) == 2
    assert after_restore(asked) == []


def erased(settings: Settings, erasure_id: str, **of: Any) -> None:
    """An entry of the list, of an erasure that is known to state."""
    key = load_key(settings)
    traces = Traces(
        record_keys=[keys_of(settings)["loyalty"]], customer_ids=[HERS], identifiers=[("email", MAIL)]
    )
    begun = journal.Journal(erasure_id, ["r1"], "ann", of["begun_at"], traces, traces.suppressions(key))
    journal.enter_in_manifest(settings, begun)
    with connect_state(settings) as con:
        con.execute(
            "insert into rights_erasures values (?, ['r1'], now()::timestamp, null, 'final', null)",
            [erasure_id],
        )
        con.executemany(
            "insert or ignore into suppressions values (?, ?, now()::timestamp)", begun.suppressed
        )
        con.executemany(
            "insert or ignore into rights_suppressed values (?, ?)",
            [[of["request_id"], each] for _, each in begun.suppressed],
        )


@pytest.mark.parametrize("is_erased_again", [False, True])
def test_who_was_let_in_again_since_is_let_in_again(
    asked: Settings, tmp_path: Path, is_erased_again: bool
) -> None:
    request = take(asked, "erase")
    erased(asked, "e1", begun_at="2026-02-01T00:00:00+00:00", request_id=request.request_id)
    upkeep(asked)
    backup = shutil.copy(asked.state_path, tmp_path / "state.duckdb")
    with connect_state(asked) as con:
        assert requests.readmit(con, request.request_id, actor="ann", evidence="form 12") > 0
    upkeep(asked)
    if is_erased_again:
        erased(asked, "e2", begun_at="2999-01-01T00:00:00+00:00", request_id=request.request_id)
        backup = shutil.copy(backup, asked.state_path)
        with connect_state(asked) as con:
            con.execute(
                "insert into rights_erasures values ('e2', ['r1'], now()::timestamp, null, 'final', null)"
            )
        assert outside.let_in_again(asked) == []
    else:
        shutil.copy(backup, asked.state_path)
        (said,) = outside.let_in_again(asked)
        assert "let in again" in said
    assert bool(ask_state(asked, "select * from suppressions")) == is_erased_again
    assert outside.let_in_again(asked) == []
    assert len(ask_state(asked, "select * from rights_events where event = 'readmitted'")) == 1


def test_an_erased_person_is_corrected_no_more(asked: Settings, backup: Path) -> None:
    carry(asked, take(asked, "correct", Wish(attribute="city", right_value="Berkeley")))
    upkeep(asked)
    erased(asked, "e1", begun_at="2026-02-01T00:00:00+00:00", request_id="r1")
    shutil.copy(backup, asked.state_path)
    outside.bring_back(asked)
    assert {row[4] for row in ask_state(asked, CORRECTED) if row[1] == keys_of(asked)["loyalty"]} <= {
        "Alameda"
    }


def test_the_list_of_another_home_is_refused(asked: Settings, backup: Path) -> None:
    other = asked.model_copy(update={"key": "another-key-of-at-least-32-characters"})
    with pytest.raises(RequestProblem, match="another home"):
        outside.bring_back(other)


def test_a_restore_that_dies_before_it_has_erased_again_is_ended_by_the_next_start(
    asked: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(asked, tmp_path / "backup")
    carry(asked, take(asked, "object"))
    upkeep(asked)
    listed = shutil.copy(journal.manifest_path(asked), tmp_path / "list.jsonl")

    class Killed(BaseException):
        pass

    def die(settings: Settings) -> list[str]:
        raise Killed

    monkeypatch.setattr(commands, "after_restore", die)
    monkeypatch.setenv("ONEFOLD_KEY", str(asked.key))
    with pytest.raises(Killed):
        commands.run_restore(home=tmp_path / "new", folder=tmp_path / "backup", erasures=Path(listed))
    again = asked.model_copy(update={"home": tmp_path / "new"})
    assert len(upkeep(again)) == 2
    assert len(ask_state(again, "select * from rights_refusals where lifted_at is null")) > 1
