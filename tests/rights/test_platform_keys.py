"""Keys of somebody who is erased wait in the vault until platforms took them back, in no state and no backup; or until their time is over."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation import forgetting, vault
from cdp_assets.activation.night import run_activation
from cdp_assets.keys import load_key
from cdp_assets.operations import attention
from cdp_assets.operations.backup import make_backup, restore_backup
from cdp_assets.rights import certificate, erasure, journal, requests
from cdp_assets.rights.requests import Identity, NewRequest, RequestProblem
from cdp_assets.rights.scanning import scan
from cdp_assets.rights.sought import SoughtPeople
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.activation.homes import Person
from tests.activation.platforms import Platforms, sha256_of
from tests.activation.test_story import ADS, LOYAL, answer, crowd, night, project

pytestmark = pytest.mark.integration
MAIL, SECOND = "p0@example.com", "second@example.com"
HERS = [MAIL, SECOND, sha256_of(MAIL), sha256_of(SECOND)]


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    """A home whose loyal customers are at one platform; of p0 a second address waits to be uploaded."""
    audiences = {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")}
    settings.project = project(tmp_path, audiences, {"ads": ADS})
    people = crowd()
    people[1].contacts.append(people[0].contacts[1])  # a number that is not hers alone
    night(settings, people)
    answer(settings, Platforms(settings.home).upload_all())
    people[0].contacts.append(("email", SECOND))
    night(settings, people, 1)
    return settings


def ask(settings: Settings) -> tuple[str, Traces]:
    with connect_state(settings) as con:
        new = NewRequest("erase", [Identity("email", MAIL)], is_verified=True)
        request = requests.take(con, load_key(settings), new, actor="officer")
        numbers, keys = forgetting.keys_of(con, ["p0"])
    emails = [("email", each) for each in (MAIL, SECOND)]
    return request.request_id, Traces(
        customer_ids=["p0"], identifiers=emails, platform_key_ids=numbers, platform_keys=keys
    )


def erase(settings: Settings) -> dict[str, Any]:
    request_id, traces = ask(settings)
    return erasure.carry_out(
        settings, erasure.begin(settings, [request_id], traces, actor="officer", rewrites_inbox=True)
    )


def others() -> list[Person]:
    people = crowd()[1:]
    people[0].contacts.append(("phone", "+12025550100"))
    return people


def files_at_rest(settings: Settings) -> list[str]:
    """Where something of hers stands in clear."""
    return scan(settings.home, HERS, leave_out=[settings.home / "rights" / "erasing"]).hits


def test_her_keys_are_in_the_vault_alone_until_their_removal_is_acknowledged(
    home: Settings, tmp_path: Path
) -> None:
    platforms = Platforms(home.home)
    document = erase(home)
    assert document["status"] == "interim" and "ads: 2 keys" in str(document["waiting"])
    assert files_at_rest(home) == [], "what would bring her there is taken back, and state has only numbers"
    assert sorted(vault.read(home).values()) == sorted([sha256_of(MAIL), sha256_of(SECOND)])
    assert not any(each.encode() in (home.home / vault.FILE).read_bytes() for each in HERS)

    night(home, others(), 2)  # the removal is proposed from the vault
    (hit,) = files_at_rest(home)
    assert hit.startswith("activation/ads/loyal/") and "remove" in hit
    make_backup(home, tmp_path / "backup", with_key=True)
    assert scan(tmp_path / "backup", HERS).hits == []

    answers = platforms.upload_all()
    assert answers and set(answer(home, answers)) == {"accepted"}
    assert sha256_of(SECOND) not in platforms.lists["ads/loyal"]
    assert "final" in erasure.resume(home)[0]
    assert files_at_rest(home) == [] and vault.read(home) == {}
    assert not [each for each in (vault.FILE, vault.KEY_FILE) if (home.home / each).exists()]


def test_a_restored_home_without_the_vault_proposes_no_removal_and_says_so(
    home: Settings, tmp_path: Path
) -> None:
    erase(home)
    night(home, others(), 2)
    make_backup(home, tmp_path / "backup")
    restored = Settings(
        home=tmp_path / "new",
        inbox=home.inbox_dir,
        project=home.project,
        key=load_key(home).decode(),
        erasure_manifest=journal.manifest_path(home),
    )
    restore_backup(restored, tmp_path / "backup")
    restored.published_dir.parent.mkdir(exist_ok=True)
    home.published_dir.rename(restored.published_dir)
    report = run_activation(restored)
    assert (report.row_count("remove"), report.problems) == (0, [])
    assert files_at_rest(restored) == []
    (said,) = forgetting.waiting_for(
        restored, SoughtPeople(restored, Traces(platform_key_ids=ask_numbers(restored)))
    )
    assert "in no vault any more" in said

    (begun,) = erasure.resume(restored)  # the backup is of after its beginning, and holds no journal
    assert "interim" in begun and erasure.resume(restored) == []
    document = certificate.read_certificate(next((restored.home / "rights" / "certificates").glob("*.json")))
    assert document["waiting"] == [said]
    assert attention.interim_erasures(restored) == (f"interim: erasure {document['erasure_id']}: {said}",)
    (left,) = journal.open_journals(restored)
    left.begun_at = f"{date(2020, 1, 1)}T00:00:00+00:00"
    journal.write(restored, left)
    assert "final" in erasure.resume(restored)[0]
    assert attention.interim_erasures(restored) == ()


def test_a_journal_whose_key_is_gone_says_so_and_the_list_ends_its_erasure(home: Settings) -> None:
    erase(home)
    (home.home / "rights" / "vault_key").unlink()
    with pytest.raises(RequestProblem, match="the key that it was written under is gone"):
        erasure.resume(home)
    next((home.home / "rights" / "erasing").glob("*.json")).unlink()
    assert "interim" in erasure.resume(home)[0] and len(journal.open_journals(home)) == 1


def ask_numbers(settings: Settings) -> list[str]:
    with connect_state(settings, read_only=True) as con:
        return [
            row[0]
            for row in con.execute(
                f"select key_id::varchar from activation_keys where platform_key = '{vault.AWAY}' order by 1"
            ).fetchall()
        ]


def test_past_their_time_platforms_are_named_and_her_keys_destroyed(home: Settings) -> None:
    erase(home)
    night(home, others(), 2)
    assert files_at_rest(home) and erasure.resume(home) == []
    (left,) = journal.open_journals(home)
    left.begun_at = f"{date(2020, 1, 1)}T00:00:00+00:00"
    journal.write(home, left)
    assert "final" in erasure.resume(home)[0]
    assert files_at_rest(home) == [] and vault.read(home) == {}
    certificate = next((home.home / "rights" / "certificates").glob("*.json")).read_text()
    assert "ads never acknowledged in 90 days" in certificate
    night(home, others(), 3)
    assert files_at_rest(home) == []


def test_a_key_that_somebody_else_has_by_now_is_waited_for_no_longer(home: Settings) -> None:
    erase(home)
    people = others()
    people[1].contacts.append(("email", MAIL))
    night(home, people, 2)
    answer(home, Platforms(home.home).upload_all())
    erasure.resume(home)
    document = certificate.read_certificate(next((home.home / "rights" / "certificates").glob("*.json")))
    assert document["waiting"] == [] and vault.read(home) == {}
    assert document["status"] == "interim"  # the scan finds what is his now
    with connect_state(home, read_only=True) as con:
        rows = con.execute(
            "select customer_id from activation_keys join activation_key_customers using (key_id) where platform_key = ?",
            [sha256_of(MAIL)],
        ).fetchall()
    assert rows == [("p2",)]
