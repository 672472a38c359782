"""The platforms' double: whatever becomes of files and answers, the ledger knows what is there, and each difference is one that the double made."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from cdp_assets.activation.account import list_statuses
from cdp_assets.activation.night import run_activation
from cdp_assets.commands.demo import play_platforms
from cdp_assets.demo import platforms
from cdp_assets.demo.parameters import load_parameters
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.activation.homes import Person, publish
from tests.activation.test_story import ALL, project

pytestmark = pytest.mark.integration

AUDIENCE = "title: T\npurpose: {purpose}\ndestinations: [{destinations}]\nwho: {{rfm: {{segment: Loyal}}}}\n"
ADS, LETTERS = "meta, google_data_manager", "klaviyo, sms, wechat_tags"


@pytest.fixture
def played(settings: Settings, tmp_path: Path) -> Settings:
    """A home with 120 loyal customers, after the two nights that the demo plays."""
    audiences = {
        f"ads{number}": AUDIENCE.format(purpose="ads_matching", destinations=ADS) for number in range(4)
    }
    audiences["letters"] = AUDIENCE.format(purpose="marketing", destinations=LETTERS)
    settings.project = project(tmp_path, audiences, {})
    (tmp_path / "out" / "truth").mkdir(parents=True)
    people = [
        Person(
            f"p{number}",
            [("email", f"p{number}@example.com"), ("phone", f"+1202555{number:04d}")],
            allowed=ALL,
        )
        for number in range(120)
    ]
    publish(settings, people)
    run_activation(settings)
    play_platforms(settings, tmp_path / "out")
    return settings


def keys_there(settings: Settings) -> dict[str, set[str]]:
    """List → keys that answers say are at the platform, by the ledger's own tables."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select l.destination || '/' || l.audience, k.platform_key from activation_entries as e "
            "join activation_lists as l using (list_id) join activation_keys as k using (key_id) "
            "join activation_batches as b on e.add_batch = b.batch_no "
            "left join activation_answers as a on a.batch_no = e.add_batch and a.key_id = e.key_id "
            "where b.status = 'acknowledged' and coalesce(a.outcome, 'accepted') = 'accepted' or a.outcome = 'accepted'"
        ).fetchall()
    found: dict[str, set[str]] = {}
    for name, key in rows:
        found.setdefault(name, set()).add(key)
    return found


def test_every_difference_between_platforms_and_ledger_is_an_answer_that_did_not_come(
    played: Settings, tmp_path: Path
) -> None:
    truth = json.loads((tmp_path / "out" / platforms.TRUTH).read_text(encoding="utf-8"))
    fates = Counter(truth["fates"].values())
    assert fates.keys() >= {"answered", "twice", "late", "lost", "partly", "refused", "one_refused"}
    there = keys_there(played)
    waiting: dict[str, dict[str, set[str]]] = {}
    for manifest in (played.home / "activation").glob("*/*/*/manifest.json"):
        said = json.loads(manifest.read_text(encoding="utf-8"))
        for batch in said["batches"]:
            if batch.get("waits", True):
                keys = platforms.KEYS_OF[said["destination"]]((manifest.parent / batch["file"]).read_bytes())
                waiting.setdefault(f"{said['destination']}/{said['audience']}", {})[batch["batch"]] = set(
                    keys
                )
    unanswered_fates = {truth["fates"][batch] for its in waiting.values() for batch in its}
    assert "lost" in unanswered_fates <= {"lost", "late"}
    for name, keys in truth["lists"].items():
        unanswered = set().union(*waiting.get(name, {}).values())
        assert set(keys) == there.get(name, set()) | unanswered, name
        assert not there.get(name, set()) & unanswered
    refused = [line for each in list_statuses(played) for line in each.refusals]
    assert sum(count for _, count in refused) == fates["one_refused"]
    assert {words for words, _ in refused} == {f"refused: {platforms.TAKES_NO_SUCH_KEY}"}


def test_further_nights_change_nothing_that_nobody_answers_for(played: Settings, tmp_path: Path) -> None:
    before = json.loads((tmp_path / "out" / platforms.TRUTH).read_text(encoding="utf-8"))
    play_platforms(played, tmp_path / "out")
    after = json.loads((tmp_path / "out" / platforms.TRUTH).read_text(encoding="utf-8"))
    assert (after["lists"], after["fates"]) == (before["lists"], before["fates"])
    assert after["nights"] == before["nights"] + 2


def test_every_platform_that_is_played_has_its_turns() -> None:
    turns = load_parameters().traps["platforms"]
    assert turns.keys() == platforms.KEYS_OF.keys()
    assert {fate for its in turns.values() for fate in its} == {
        "answered", "twice", "late", "lost", "partly", "refused", "one_refused",
    }  # fmt: skip
