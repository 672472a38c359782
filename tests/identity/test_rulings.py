"""Rulings: kept by record, never in contradiction, in and out as CSV."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets.commands.rulings import _table
from cdp_assets.decisions import write_decision
from cdp_assets.identity import (
    Contradiction,
    IdentityProblem,
    Ruling,
    add_ruling,
    export_rulings,
    import_rulings,
    list_rulings,
    undo_ruling,
)
from cdp_assets.identity.stewards.inbox import read_inbox
from cdp_assets.state import connect_state
from tests.identity.identity_home import KEY, IdentityHome, key_of

TODAY = date(2024, 1, 1)


@pytest.fixture
def ruled(home: IdentityHome) -> IdentityHome:
    home.assign({name: name for name in "abcd"}, "g1")
    return home


def test_a_contradiction_shows_its_chain_and_changes_nothing(ruled: IdentityHome) -> None:
    with connect_state(ruled.settings) as con:
        add_ruling(con, "must_link", key_of("a"), key_of("b"), ruled_on=TODAY)
        add_ruling(con, "must_link", key_of("c"), key_of("b"), ruled_on=TODAY)
        with pytest.raises(Contradiction) as caught:
            add_ruling(con, "cannot_link", key_of("a"), key_of("c"), ruled_on=TODAY)
        assert set(caught.value.chain) == {key_of("a"), key_of("b"), key_of("c")}
        assert caught.value.chain[1] == key_of("b")
        assert len(list_rulings(con)) == 2


def test_undoing_one_ruling_frees_the_other(ruled: IdentityHome) -> None:
    with connect_state(ruled.settings) as con:
        first = add_ruling(con, "must_link", key_of("a"), key_of("b"), ruled_on=TODAY)
        assert undo_ruling(con, first.ruling_id).status == "undone"
        add_ruling(con, "cannot_link", key_of("b"), key_of("a"), ruled_on=TODAY)
        assert [ruling.status for ruling in list_rulings(con)].count("active") == 1
        with pytest.raises(IdentityProblem, match="no ruling"):
            undo_ruling(con, "nothing")


def test_a_ruling_on_an_unknown_record_is_refused_and_on_a_gone_one_sleeps(ruled: IdentityHome) -> None:
    with connect_state(ruled.settings) as con:
        with pytest.raises(IdentityProblem, match="never seen here"):
            add_ruling(con, "must_link", key_of("a"), key_of("nobody"), ruled_on=TODAY)
        add_ruling(con, "must_link", key_of("a"), key_of("d"), ruled_on=TODAY)
    ruled.assign({name: name for name in "abc"}, "g2")
    with connect_state(ruled.settings) as con:
        assert [ruling.status for ruling in list_rulings(con)] == ["dormant"]


def test_rulings_go_out_as_csv_and_come_back(ruled: IdentityHome, tmp_path: Path) -> None:
    path = tmp_path / "rulings.csv"
    with connect_state(ruled.settings) as con:
        add_ruling(
            con,
            "must_link",
            key_of("a"),
            key_of("b"),
            ruled_on=TODAY,
            reason="same, she said",
            ruled_by="kim",
        )
        before = list_rulings(con)
        assert export_rulings(con, path) == 1
        con.execute("delete from rulings")
        assert import_rulings(con, path, KEY, ruled_on=TODAY) == 1
        assert list_rulings(con) == before


def test_a_bad_line_imports_nothing_and_is_named(ruled: IdentityHome, tmp_path: Path) -> None:
    path = tmp_path / "rulings.csv"
    path.write_text("kind,record_key_l,record_key_r\nmust-link,shop:a,shop:b\nperhaps,shop:a,shop:c\n")
    with connect_state(ruled.settings) as con:
        with pytest.raises(IdentityProblem, match="line 3"):
            import_rulings(con, path, KEY, ruled_on=TODAY)
        assert list_rulings(con) == []


def test_the_pages_inbox_is_taken_once_and_torn_lines_are_named(ruled: IdentityHome, tmp_path: Path) -> None:
    line = {
        "kind": "must_link",
        "record_key_l": key_of("a"),
        "record_key_r": key_of("b"),
        "reason": "x\u2028y",
        "ruled_by": "kim",
    }
    bad = {"kind": "cannot_link", "record_key_l": key_of("a"), "record_key_r": key_of("b")}
    lines = [json.dumps(line, ensure_ascii=False), "", json.dumps(bad), '{"kind": "must']
    (tmp_path / "pages.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with connect_state(ruled.settings) as con:
        taken = read_inbox(con, tmp_path, ruled_on=TODAY)
        assert (taken.count, len(taken.refused)) == (1, 2)
        undo_ruling(con, list_rulings(con)[0].ruling_id)
        assert read_inbox(con, tmp_path, ruled_on=TODAY).count == 1  # now the other line stands alone
        assert [ruling.status for ruling in list_rulings(con)].count("active") == 1


def decide(folder: Path, **content: object) -> str:
    return write_decision(
        folder,
        {
            "kind": "rulings",
            "reason": "x",
            "decided_by": "kim",
            "decided_at": "2024-01-01T08:00:00+00:00",
            **content,
        },
    )


def pair(kind: str, left: str, right: str) -> dict[str, str]:
    return {"kind": kind, "record_key_l": key_of(left), "record_key_r": key_of(right)}


def test_a_decision_is_taken_once_whole_and_undone_by_another(ruled: IdentityHome, tmp_path: Path) -> None:
    decide(tmp_path, rulings=[pair("must_link", "a", "b")])
    with connect_state(ruled.settings) as con:
        assert read_inbox(con, tmp_path, ruled_on=TODAY).count == 1
        assert read_inbox(con, tmp_path, ruled_on=TODAY).count == 0
        (made,) = list_rulings(con)
        decide(tmp_path, kind="undo", ruling_id=made.ruling_id)
        assert read_inbox(con, tmp_path, ruled_on=TODAY).count == 1
        assert [ruling.status for ruling in list_rulings(con)] == ["undone"]
        assert read_inbox(con, tmp_path, ruled_on=TODAY).count == 0
        assert [ruling.status for ruling in list_rulings(con)] == ["undone"]


def test_a_decision_that_contradicts_another_is_refused_whole_and_kept_as_refused(
    ruled: IdentityHome, tmp_path: Path
) -> None:
    decide(tmp_path, rulings=[pair("must_link", "a", "b")])
    decide(tmp_path, rulings=[pair("cannot_link", "a", "b"), pair("must_link", "c", "d")])
    with connect_state(ruled.settings) as con:
        taken = read_inbox(con, tmp_path, ruled_on=TODAY)
        assert (taken.count, len(taken.refused)) == (1, 1)
        assert len(list_rulings(con)) == 1
        kept = con.execute("select outcome, reason_code from decisions order by decision_id").fetchall()
        assert kept == [("applied", None), ("refused", "contradiction")]


def test_a_torn_decision_is_named_as_unreadable(ruled: IdentityHome, tmp_path: Path) -> None:
    decision_id = decide(tmp_path, rulings=[pair("must_link", "a", "b")])
    (tmp_path / f"{decision_id}.json").write_text('{"kind": "rul', encoding="utf-8")
    with connect_state(ruled.settings) as con:
        taken = read_inbox(con, tmp_path, ruled_on=TODAY)
        assert (taken.count, taken.unreadable) == (0, (f"{decision_id}.json",))


def test_the_list_shows_whole_ids_on_a_narrow_screen() -> None:
    why = "a long reason that fills the line, given by a steward who had much to say"
    listed = Ruling("9ba8db3ee620", "must_link", "a" * 32, "b" * 32, why, "somebody", date(2024, 1, 1), None)
    console = Console(width=80, record=True, file=StringIO())
    console.print(_table([listed]))
    shown = console.export_text()
    assert all(each in shown for each in ("9ba8db3ee620", "a" * 12, "b" * 12, "2024-01-01", "active"))
