"""What the pages write: rulings into an append-only inbox, and a log of reveals without what was searched for."""

from __future__ import annotations

import json
from datetime import date

import pytest

from cdp_assets.identity.stewards.rulings import read_inbox
from cdp_assets.pages.reveal import log_reveal
from cdp_assets.pages.rulings_inbox import Ruling, RulingRefused, append_ruling, inbox_path, waiting_rulings
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

RULING = Ruling("cannot_link", "a", "b", "two sisters", "steward", "hash")


def test_a_ruling_is_one_line_with_all_that_identity_needs(settings: Settings) -> None:
    append_ruling(settings, RULING)
    line = json.loads(inbox_path(settings).read_text(encoding="utf-8"))
    assert {name: line[name] for name in ("kind", "record_key_l", "record_key_r", "reason", "ruled_by", "evidence_hash")} == {
        "kind": "cannot_link", "record_key_l": "a", "record_key_r": "b", "reason": "two sisters", "ruled_by": "steward",
        "evidence_hash": "hash",
    }  # fmt: skip
    assert line["ruled_at"].endswith("+00:00")
    assert inbox_path(settings).stat().st_mode & 0o077 == 0


def test_rulings_are_appended_never_replaced(settings: Settings) -> None:
    append_ruling(settings, RULING)
    first = inbox_path(settings).read_bytes()
    append_ruling(settings, Ruling("must_link", "c", "d", "same card\nseen twice", "steward"))
    assert inbox_path(settings).read_bytes().startswith(first)
    assert [line["record_key_l"] for line in waiting_rulings(settings)] == ["c", "a"]


def test_the_run_takes_over_what_the_page_wrote_once(settings: Settings) -> None:
    append_ruling(settings, RULING)
    with connect_state(settings) as con:
        for expected in (1, 0):
            taken, refused = read_inbox(con, inbox_path(settings).parent, ruled_on=date(2017, 12, 31))
            assert (taken, refused) == (expected, [])
        kept = con.execute(
            "select kind, record_key_l, record_key_r, reason, ruled_by, evidence_hash from rulings"
        ).fetchall()
    assert kept == [("cannot_link", "a", "b", "two sisters", "steward", "hash")]


def test_a_torn_line_is_left_out(settings: Settings) -> None:
    append_ruling(settings, RULING)
    with inbox_path(settings).open("a", encoding="utf-8") as inbox:
        inbox.write('{"kind": "must_')
    assert len(waiting_rulings(settings)) == 1


@pytest.mark.parametrize(
    ("ruling", "code"),
    [
        (Ruling("merge", "a", "b", "x", "y"), "kind"),
        (Ruling("must_link", "a", "b", "  ", "y"), "reason"),
        (Ruling("must_link", "a", "b", "x", ""), "ruled_by"),
        (Ruling("must_link", "a", "a", "x", "y"), "same_record"),
    ],
)
def test_an_incomplete_ruling_is_refused_and_nothing_is_written(
    settings: Settings, ruling: Ruling, code: str
) -> None:
    with pytest.raises(RulingRefused) as refused:
        append_ruling(settings, ruling)
    assert refused.value.code == code
    assert not inbox_path(settings).exists()


def test_the_reveal_log_is_the_owners_alone(settings: Settings) -> None:
    log_reveal(settings, "search", generation="g000001", customers_found=3)
    path = settings.logs_dir / "reveal.log"
    line = json.loads(path.read_text(encoding="utf-8"))
    assert line["action"] == "search" and line["customers_found"] == 3 and line["user"]
    assert path.stat().st_mode & 0o077 == 0
