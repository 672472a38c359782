"""Nights of activation against platforms played by a double: whatever happens to people, answers and processes, lists end up right."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation import answers as answers_module
from cdp_assets.activation import files, lists, normalise
from cdp_assets.activation.account import erase, find, list_statuses, platform_keys, unremoved
from cdp_assets.activation.answers import Answer, read_answers, take_answers
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.ledger import attached_to_read
from cdp_assets.activation.library import load_library
from cdp_assets.activation.night import Report, run_activation
from cdp_assets.activation.pressure import capped_customers
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import open_published
from cdp_assets.activation.waterfall import waterfall
from cdp_assets.private_files import sync_files
from cdp_assets.publishing.generations import flip
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.platforms import Platforms, expected_keys, keys_in, sha256_of

pytestmark = pytest.mark.integration

LOYAL = "title: Loyal\npurpose: {purpose}\ndestinations: {destinations}\nwho: {{rfm: {{segment: [Loyal]}}}}\n"
ADS = """\
title: Ads
consents: [{purpose: ads_matching}]
identifiers:
  - {field: EMAIL, contact: email, normaliser: email, hash: sha256_hex}
  - {field: PHONE, contact: phone, normaliser: phone_digits, hash: sha256_hex}
batch_size: 3
file: {writer: json, extension: json, body: {payload: {schema: [$field], data: $rows}}, row: [$key]}
"""
WHOLE = """\
title: Whole
consents: [{purpose: ads_matching}]
identifiers: [{field: email, contact: email, normaliser: email, hash: sha256_hex}]
mode: replace
batch_size: 1000000
file: {writer: lines, extension: txt, header: false, columns: {key: $key}}
"""
MAIL = """\
title: Mail
kind: message
consents: [{purpose: marketing}]
identifiers: [{field: Email, contact: email, normaliser: email_as_given, hash: none}]
file: {writer: lines, extension: csv, columns: {Email: $key, Name: $given_name}}
remove: {columns: {Email: $key}}
"""
HASHED = {"email": sha256_of, "phone": lambda value: sha256_of(value.lstrip("+"))}
ALL = frozenset({"ads_matching", "marketing"})


def project(folder: Path, audiences: dict[str, str], destinations: dict[str, str]) -> Path:
    made = folder / "project"
    (made / "dbt_project").mkdir(parents=True, exist_ok=True)
    (made / "dbt_project" / "dbt_project.yml").touch()
    for kind, documents in (("audiences", audiences), ("destinations", destinations)):
        (made / kind).mkdir(exist_ok=True)
        for name, text in documents.items():
            (made / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    """A home whose project brings loyal customers to ads and whole."""
    audiences = {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads, whole]")}
    settings.project = project(tmp_path, audiences, {"ads": ADS, "whole": WHOLE})
    return settings


def crowd() -> list[Person]:
    return [
        Person(
            f"p{number}",
            [("email", f"P{number}@Example.com".lower()), ("phone", f"+1202555010{number}")],
            allowed=ALL,
        )
        for number in range(6)
    ]


def night(settings: Settings, people: list[Person], day: int = 0, **how: Any) -> Report:
    publish(settings, people, AS_OF + timedelta(days=day), **how)
    return run_activation(settings)


def answer(settings: Settings, answers: list[dict[str, Any]]) -> list[str]:
    return [
        each.outcome for each in take_answers(settings, [Answer.model_validate(each) for each in answers])
    ]


def assert_right(platforms: Platforms, people: list[Person]) -> None:
    wants = frozenset({"ads_matching"})
    loyal = [person for person in people if person.segment == "Loyal"]
    assert platforms.lists.get("ads/loyal", set()) == expected_keys(loyal, HASHED, wants)
    assert platforms.lists.get("whole/loyal", set()) == expected_keys(loyal, {"email": sha256_of}, wants)


def test_the_whole_story(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    report = night(home, people)
    assert (report.file_count, report.row_count("add")) == (
        5,
        18,
    )  # two files of each identifier, and one whole
    assert_files_obey(platforms, people)
    # no acknowledgement: nothing new, and the same files wait
    before = [batch["batch"] for _, batch in platforms.waiting()]
    assert night(home, people, 1).file_count == 0
    assert [batch["batch"] for _, batch in platforms.waiting()] == before
    # all uploaded and acknowledged, some twice: the delta is empty, and no file is left
    answers = platforms.upload_all()
    assert set(answer(home, answers)) == {"accepted"}
    assert set(answer(home, answers[:2])) == {"known already"}
    assert_right(platforms, people)
    assert night(home, people, 2).file_count == 0
    assert platforms.manifests() == []

    # consent withdrawn; the acknowledgement of the removal is lost: it is proposed again, byte-equal, and harmless
    people[0].allowed = frozenset({"marketing"})
    assert night(home, people, 3).row_count("remove") == 2
    platforms.upload_all()
    assert_right(platforms, people)
    assert night(home, people, 4).file_count == 0
    assert set(answer(home, platforms.upload_all())) == {"accepted"}
    assert_right(platforms, people)

    # two customers are one from now on: the same keys, so nothing is to be told
    people[2].contacts += people[1].contacts
    merged = [each for each in people if each.customer_id != "p1"]
    assert night(home, merged, 5, merged={"p1": "p2"}).file_count == 0
    # and split again, where one half is no member: its keys go
    people[2].contacts = people[2].contacts[:2]
    people[1].segment = "Lost"
    night(home, people, 6)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)

    # two share a phone: it stays until neither desires it
    people[4].contacts.append(people[3].contacts[1])
    assert night(home, people, 7).file_count == 0
    people[3].allowed = frozenset()
    night(home, people, 8)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert HASHED["phone"](people[3].contacts[1][1]) in platforms.lists["ads/loyal"]
    people[4].contacts.pop()
    night(home, people, 9)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert HASHED["phone"](people[3].contacts[1][1]) not in platforms.lists["ads/loyal"]
    assert night(home, people, 10).file_count == 0


def test_a_partial_answer_leaves_the_rest_waiting(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()[:2]
    night(home, people)
    answers = platforms.upload_all()
    in_part = next(each for each in answers if each["batch"].startswith("ads/"))
    others = [each for each in answers if each is not in_part]
    keys = sorted(expected_keys(people, {"email": sha256_of}, ALL))
    assert answer(home, [in_part | {"accepted": keys[:1]}]) == ["partly accepted"]
    assert set(answer(home, others)) == {"accepted"}
    assert night(home, people, 1).file_count == 0
    assert [batch["batch"] for _, batch in platforms.waiting()] == [in_part["batch"]]
    assert answer(home, platforms.upload_all()) == ["accepted"]
    assert night(home, people, 2).file_count == 0
    assert platforms.waiting() == []
    assert_right(platforms, people)


@pytest.mark.parametrize("status", ["accepted", "refused"])
def test_who_was_taken_in_part_gets_no_second_message(mailing: Callable[..., Settings], status: str) -> None:
    home = mailing({"loyal": LOYAL.format(purpose="marketing", destinations="[mail]")}, {"mail": MAIL})
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    said, batch = platforms.waiting()[0]
    part = {
        "home": said["home"],
        "batch": batch["batch"],
        "sha256": batch["sha256"],
        "accepted": ["p0@example.com"],
    }
    answer(home, [part | {"status": status}])
    people[1].allowed = frozenset()  # the rest waits on, or goes into a new one where the platform refused it
    assert night(home, people, 1).row_count("remove") == 1
    again = [each for each in platforms.waiting() if each[1]["operation"] == "add"]
    assert [each["rows"] for _, each in again] == [4]
    assert (again[0][1]["batch"] == batch["batch"]) == (status == "accepted")
    answer(home, platforms.upload_all())
    assert night(home, people, 2).file_count == 0


def mails(platforms: Platforms) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The one file of additions to the list of letters: its manifest, what that says of it, and its content."""
    ((said, batch),) = [each for each in platforms.waiting() if each[1]["operation"] == "add"]
    return said, batch, (said["folder"] / batch["file"]).read_text()


def answer_to(said: dict[str, Any], batch: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"home": said["home"], "batch": batch["batch"], "sha256": batch["sha256"]} | more


@pytest.fixture
def letters(mailing: Callable[..., Settings]) -> Settings:
    """A home whose project writes to loyal customers."""
    return mailing({"loyal": LOYAL.format(purpose="marketing", destinations="[mail]")}, {"mail": MAIL})


def test_a_withdrawal_writes_to_nobody_twice(letters: Settings) -> None:
    """The letters went out and the answer is lost; one withdraws: the others wait under the same batch id, which an uploader carries out once."""
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    said, before, content = mails(platforms)
    people[0].allowed = frozenset()
    report = night(letters, people, 1)
    assert (report.row_count("add"), report.row_count("remove"), report.rewritten) == (0, 1, 1)
    said, now, left = mails(platforms)
    assert (now["batch"], now["rows"], now["former_sha256"]) == (before["batch"], 5, [before["sha256"]])
    assert left == content.replace("p0@example.com,Ann\n", "")
    assert night(letters, people, 2).file_count == 0
    assert mails(platforms)[2] == left
    # it went out as it was before: she may be there, and is removed once more
    removal = [each for each in platforms.waiting() if each[1]["operation"] == "remove"]
    assert answer(letters, [answer_to(*each) for each in removal]) == ["accepted"]
    assert answer(letters, [answer_to(said, before)]) == ["accepted"]
    assert answer(letters, [answer_to(said, before)]) == ["known already"]
    report = night(letters, people, 3)
    assert (report.row_count("add"), report.row_count("remove"), report.rewritten) == (0, 1, 0)
    answer(letters, platforms.upload_all())
    assert night(letters, people, 4).file_count == 0


def test_a_file_of_letters_that_went_out_without_who_withdrew_is_taken_as_it_is(letters: Settings) -> None:
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    people[0].allowed = people[1].allowed = frozenset()
    night(letters, people, 1)
    people[2].allowed = frozenset()
    night(letters, people, 2)
    _said, now, _ = mails(platforms)
    assert (now["rows"], len(now["former_sha256"])) == (3, 2)
    assert set(answer(letters, platforms.upload_all())) == {"accepted"}
    assert platforms.lists["mail/loyal"] == {f"p{number}@example.com" for number in (3, 4, 5)}
    assert night(letters, people, 3).file_count == 0
    with connect_state(letters, read_only=True) as con:
        assert con.execute("select count(*) from activation_contacts").fetchall() == [(3,)]


def test_letters_that_nobody_may_get_any_more_wait_no_longer(letters: Settings) -> None:
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    for person in people:
        person.allowed = frozenset()
    report = night(letters, people, 1)
    assert (report.row_count("remove"), report.rewritten) == (6, 0)
    assert {batch["operation"] for _, batch in platforms.waiting()} == {"remove"}


def test_letters_whose_file_was_taken_away_wait_under_their_id(letters: Settings) -> None:
    """An uploader moves files to where it works; names of people may have changed since, and the same bytes cannot be written again."""
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    said, before, content = mails(platforms)
    (said["folder"] / before["file"]).unlink()
    people[0].allowed = frozenset()
    assert night(letters, people, 1).row_count("add") == 0
    _, now, left = mails(platforms)
    assert (now["batch"], left) == (before["batch"], content.replace("p0@example.com,Ann\n", ""))
    assert answer(letters, [answer_to(said, before)]) == ["accepted"]


def test_an_erasure_writes_to_nobody_twice(letters: Settings) -> None:
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    said, before, content = mails(platforms)
    erase(letters, ["p0"])
    assert platforms.waiting() == [] or "p0@" not in mails(platforms)[2]
    night(letters, people[1:], 1)
    _, now, left = mails(platforms)
    assert (now["batch"], left) == (before["batch"], content.replace("p0@example.com,Ann\n", ""))
    answer(letters, [answer_to(said, before)])
    night(letters, people[1:], 2)
    assert any("p0@" in (each[0]["folder"] / each[1]["file"]).read_text() for each in platforms.waiting())


def run_killed(settings: Settings, step: str) -> None:
    """A run of activation that dies at a step."""

    class Killed(BaseException):
        pass

    def die(reached: str) -> None:
        if reached == f"activation/{step}":
            raise Killed

    with pytest.raises(Killed):
        run_activation(settings, reached=die)


@pytest.mark.parametrize("step", ["chosen", "files written", "state committed", "files shown"])
def test_letters_that_are_written_again_survive_a_kill(letters: Settings, step: str) -> None:
    platforms, people = Platforms(letters.home), crowd()
    night(letters, people)
    _, before, content = mails(platforms)
    people[0].allowed = frozenset()
    publish(letters, people, AS_OF + timedelta(days=1))

    run_killed(letters, step)
    run_activation(letters)
    _, now, left = mails(platforms)
    assert (now["batch"], left) == (before["batch"], content.replace("p0@example.com,Ann\n", ""))
    assert now["sha256"] == sha256_of(left)
    assert set(answer(letters, platforms.upload_all())) == {"accepted"}
    assert run_activation(letters).file_count == 0


def test_of_a_removal_that_is_refused_what_was_taken_is_gone(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = people[1].allowed = frozenset()
    night(home, people, 1)
    said, batch = next(each for each in platforms.waiting() if each[1]["identifier"] == "EMAIL")
    base = {"home": said["home"], "batch": batch["batch"], "sha256": batch["sha256"]}
    answer(home, [base | {"status": "refused", "accepted": [sha256_of("p0@example.com")]}])
    assert night(home, people, 2).row_count("remove") == 1


@pytest.mark.parametrize("destination", ["ads", "whole_mail"])
def test_a_key_that_is_refused_after_all_is_not_taken_for_gone(
    mailing: Callable[..., Settings], destination: str
) -> None:
    """Platforms acknowledge a request at once, and tell later what its job made of single keys."""
    together = MAIL.replace(
        "columns: {Email: $key,", "together: true, columns: {Email: '$key:Email',"
    ).replace("kind: message\n", "")
    together = together.replace(
        "remove: {columns: {Email: $key}}", "remove: {columns: {Email: '$key:Email'}}"
    )
    home = mailing(
        {"loyal": LOYAL.format(purpose="marketing", destinations=f"[{destination}]")},
        {"ads": ADS, "whole_mail": together},
    )
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = frozenset()
    night(home, people, 1)
    key = sha256_of("p0@example.com") if destination == "ads" else "p0@example.com"
    answers = platforms.upload_all()
    answer(home, answers)
    after_all = next(
        each
        for each, keys in ((each, platforms.seen[each["batch"]].decode()) for each in answers)
        if key in keys
    ) | {"refused": [{"key": key, "reason": "busy"}]}
    platforms.lists[f"{destination}/loyal"].add(key)
    assert answer(home, [after_all]) == ["partly accepted"]
    assert answer(home, [after_all]) == ["known already"]
    assert night(home, people, 2).row_count("remove") == 1
    answer(home, platforms.upload_all())
    assert key not in platforms.lists[f"{destination}/loyal"]
    assert night(home, people, 3).file_count == 0


def test_a_key_that_was_not_added_after_all_is_listed(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answers = platforms.upload_all()
    answer(home, answers)
    key = sha256_of("p0@example.com")
    its = next(
        each
        for each in answers
        if key in platforms.seen[each["batch"]].decode() and "/ads/" in f"/{each['batch']}"
    )
    assert answer(home, [its | {"refused": [{"key": key, "reason": "invalid"}]}]) == ["partly accepted"]
    assert {each.destination: each.refusals for each in list_statuses(home)}["ads"] == [
        ("refused: invalid", 1)
    ]


def test_a_reason_keeps_no_value(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answers = platforms.upload_all()
    key = sha256_of("p0@example.com")
    its = next(
        each
        for each in answers
        if key in platforms.seen[each["batch"]].decode() and "/ads/" in f"/{each['batch']}"
    )
    said = f"bad: p0@example.com,\x1b[31m +1 (202) 555-0100 {key}, code 1234"
    answer(
        home,
        [
            its | {"refused": [{"key": key, "reason": said}]},
            {**answers[1], "status": "refused", "reason": said},
        ],
    )
    words = str(list_statuses(home))
    assert "code 1234" in words
    assert not any(each in words for each in ("example", "555", key[:8], "x1b", "\x1b"))
    with connect_state(home, read_only=True) as con:
        kept = str(
            con.execute(
                "select note from activation_batches union all select reason from activation_answers"
            ).fetchall()
        )
    assert "example" not in kept


def test_a_removal_that_is_refused_is_listed_and_proposed_again(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = frozenset()
    night(home, people, 1)
    refused = [
        {"home": said["home"], "batch": batch["batch"], "sha256": batch["sha256"], "status": "refused", "reason": "Audience Size too low"}
        for said, batch in platforms.waiting() if batch["operation"] == "remove"
    ]  # fmt: skip
    assert set(answer(home, refused)) == {"refused"}
    status = next(each for each in list_statuses(home) if each.destination == "ads")
    assert status.refusals == [("removal refused: Audience Size too low", 2)]
    assert night(home, people, 2).row_count("remove") == 2
    assert set(answer(home, platforms.upload_all())) == {"accepted"}
    assert_right(platforms, people)
    assert next(each for each in list_statuses(home) if each.destination == "ads").refusals == []


def test_a_key_that_is_refused_is_listed_and_rests(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answers = platforms.upload_all()
    key = sha256_of("p0@example.com")
    which = next(
        each
        for each in answers
        if key in json.dumps(platforms.seen[each["batch"]].decode()) and "ads" in each["batch"]
    )
    answer(
        home,
        [
            each | ({"refused": [{"key": key, "reason": "invalid"}]} if each is which else {})
            for each in answers
        ],
    )
    assert night(home, people, 1).file_count == 0
    assert next(each for each in list_statuses(home) if each.destination == "ads").refusals == [
        ("refused: invalid", 1)
    ]


def test_a_lost_acknowledgement_never_leaves_a_withdrawn_person(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    late = platforms.upload_all()  # uploaded, and no answer arrives
    people[0].allowed = frozenset()
    night(home, people, 1)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    # the answers to what was superseded arrive after all, and nothing is wrong
    assert "late" in set(answer(home, late))
    night(home, people, 2)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert night(home, people, 3).row_count("remove") == 0


def test_an_addition_that_is_carried_out_after_its_removal_is_removed_again(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    kept = [
        (copy.copy(said), batch, (said["folder"] / batch["file"]).read_bytes())
        for said, batch in platforms.waiting()
    ]
    people[0].allowed = frozenset()
    night(home, people, 1)
    answer(home, platforms.upload_all())
    for said, batch, content in kept:  # an uploader that was asleep carries out what it had read before
        if batch["operation"] == "add":
            said["folder"].mkdir(parents=True, exist_ok=True)
            (said["folder"] / batch["file"]).write_bytes(content)
            answer(home, [platforms.upload(said, batch)])
    night(home, people, 2)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)


def test_an_addition_carried_out_while_its_removal_is_under_way_is_removed_again(home: Settings) -> None:
    """Answers come in another order than the work was done in: the removal first, then the addition that was read before."""
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    kept = platforms.upload_all()
    people[0].allowed = frozenset()
    night(home, people, 1)
    removed = platforms.upload_all()
    for key in (sha256_of("p0@example.com"), sha256_of("12025550100")):
        platforms.lists["ads/loyal"].add(key)
    answer(home, kept)
    answer(home, [each for each in removed if "/remove-" in each["batch"] or "/ads/" not in each["batch"]])
    night(home, people, 2)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)


def test_a_whole_list_that_an_older_file_replaced_is_proposed_again(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people[:5])
    old = [
        (copy.copy(said), batch, (said["folder"] / batch["file"]).read_bytes())
        for said, batch in platforms.waiting()
        if said["destination"] == "whole"
    ]
    night(home, people, 1)
    answer(home, platforms.upload_all())
    for said, batch, content in old:  # an uploader that was asleep
        said["folder"].mkdir(parents=True, exist_ok=True)
        (said["folder"] / batch["file"]).write_bytes(content)
        answer(home, [platforms.upload(said, batch)])
    night(home, people, 2)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)


def test_a_late_answer_to_a_file_that_was_lost_counts(mailing: Callable[..., Settings]) -> None:
    """An uploader that takes files away, answers after the removal of somebody in them was acknowledged."""
    home = mailing({"loyal": LOYAL.format(purpose="marketing", destinations="[mail]")}, {"mail": MAIL})
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    taken = platforms.upload_all()
    for said, batch in platforms.waiting():
        (said["folder"] / batch["file"]).unlink()
    people[0].allowed = frozenset()
    night(home, people, 1)
    answer(home, platforms.upload_all())
    platforms.lists["mail/loyal"].add("p0@example.com")  # the old file was carried out last
    night(home, people, 2)
    assert answer(home, taken) == ["known already"]
    night(home, people, 3)
    answer(home, platforms.upload_all())
    assert "p0@example.com" not in platforms.lists["mail/loyal"]


def test_removed_and_added_again(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = frozenset()
    night(home, people, 1)
    platforms.upload_all()  # not answered
    people[0].allowed = ALL
    night(home, people, 2)
    assert all(batch["operation"] != "remove" for _, batch in platforms.waiting())
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert night(home, people, 3).file_count == 0


@pytest.mark.parametrize("step", ["repaired", "chosen", "files written", "state committed", "files shown"])
def test_killed_at_any_step(home: Settings, step: str) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = frozenset()
    people.append(Person("new", [("email", "new@example.com")], allowed=ALL))
    publish(home, people, AS_OF + timedelta(days=1))

    run_killed(home, step)
    shown_early = platforms.upload_all()  # whatever an uploader sees between the kill and the next start
    run_activation(home)
    answer(home, shown_early)
    run_activation(home)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert run_activation(home).file_count == 0
    assert not (home.home / "activation" / ".writing").exists()


def assert_files_obey(platforms: Platforms, people: list[Person]) -> None:
    """Read back from the files: nobody without consent, add ∩ remove = ∅, nothing beside the keys that the YAML lists."""
    allowed = expected_keys(people, HASHED, frozenset({"ads_matching"}))
    added: dict[str, set[str]] = {}
    removed: dict[str, set[str]] = {}
    for said, batch in platforms.waiting():
        name = f"{said['destination']}/{said['audience']}"
        content = (said["folder"] / batch["file"]).read_bytes()
        (removed if batch["operation"] == "remove" else added).setdefault(name, set()).update(
            keys_in(batch["file"], content)
        )
    for name, keys in added.items():
        assert keys <= allowed
        assert not keys & removed.get(name, set())


def test_laws_hold_night_after_night(home: Settings) -> None:
    """Random nights: consents come and go, answers are lost; what waits always obeys, and in the end all is right."""
    dice, platforms, people = random.Random(5), Platforms(home.home), crowd()
    for day in range(7):
        for person in people:
            if dice.random() < 0.3:
                person.allowed = ALL if dice.random() < 0.5 else frozenset()
            if dice.random() < 0.1:
                person.segment = "Loyal" if dice.random() < 0.7 else "Lost"
        report = night(home, people, day)
        loyal = [person for person in people if person.segment == "Loyal"]
        assert_files_obey(platforms, loyal)
        for each in report.lists:
            assert each.steps[0].left - sum(step.left_out for step in each.steps) == each.member_count
        answers = platforms.upload_all()
        answer(home, [each for each in answers if dice.random() < 0.6])
    night(home, people, 20)
    answer(home, platforms.upload_all())
    night(home, people, 21)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)
    assert night(home, people, 22).file_count == 0
    with connect_state(home, read_only=True) as con:
        twice = con.execute(
            "select count(*) - count(distinct (list_id, key_id)) from activation_entries"
        ).fetchall()[0][0]
        folder_mode = (home.home / "activation").stat().st_mode & 0o077
    assert (twice, folder_mode) == (0, 0)


@pytest.fixture
def mailing(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    def make(audiences: dict[str, str], destinations: dict[str, str]) -> Settings:
        settings.project = project(tmp_path, audiences, destinations)
        return settings

    yield make


def members(report: Report) -> dict[str, int]:
    return {f"{each.destination}/{each.chosen.name}": each.member_count for each in report.lists}


def test_contact_pressure_is_reserved_and_released(mailing: Callable[..., Settings]) -> None:
    text = (
        LOYAL.format(purpose="marketing", destinations="[mail]")
        + "contact_cap: {at_most: 1, within_days: 30}\n"
    )
    home = mailing({"one": text, "two": text}, {"mail": MAIL})
    platforms, people = Platforms(home.home), crowd()[:3]
    assert members(night(home, people)) == {"mail/one": 3, "mail/two": 0}
    assert members(night(home, people, 1)) == {"mail/one": 3, "mail/two": 0}
    # a refusal releases: the other list has them then
    said, batch = platforms.waiting()[0]
    answer(
        home,
        [{"home": said["home"], "batch": batch["batch"], "sha256": batch["sha256"], "status": "refused"}],
    )
    people[0].segment = "Lost"
    (home.project_dir / "audiences" / "one.yaml").write_text(text + "valid: {to: 2020-01-01}\n")
    assert members(night(home, people, 2)) == {"mail/one": 0, "mail/two": 2}


def test_a_preview_counts_whom_the_cap_leaves_out(mailing: Callable[..., Settings]) -> None:
    text = (
        LOYAL.format(purpose="marketing", destinations="[mail]")
        + "contact_cap: {at_most: 1, within_days: 30}\n"
    )
    home = mailing(
        {"one": text, "two": text, "three": text.replace("[mail]", "[ads]")}, {"mail": MAIL, "ads": ADS}
    )
    night(home, crowd()[:3])
    library, destinations = load_library(home), load_destinations(home)
    with open_published(home, attach=attached_to_read) as published:
        left = {}
        for name in ("one", "two", "three"):
            capped = capped_customers(published, destinations, name, library.audience(name))
            steps = waterfall(published, library, name, b"k" * 32, capped=capped)
            left[name] = {step.name: step.left_out for step in steps}.get("cap", 0)
    assert left == {"one": 0, "two": 3, "three": 0}
    with open_published(home) as published:
        assert capped_customers(published, destinations, "two", library.audience("two")) is None


def test_a_reservation_expires(mailing: Callable[..., Settings]) -> None:
    text = (
        LOYAL.format(purpose="marketing", destinations="[mail]")
        + "contact_cap: {at_most: 1, within_days: 90}\n"
    )
    home = mailing({"one": text, "two": text}, {"mail": MAIL + "proposal_days: 5\n"})
    people = crowd()[:1]
    night(home, people)
    (home.project_dir / "audiences" / "one.yaml").unlink()
    assert members(night(home, people, 1)) == {"mail/two": 0}
    assert members(night(home, people, 2)) == {
        "mail/two": 1
    }  # what the gone list had reserved was superseded
    (home.project_dir / "audiences" / "one.yaml").write_text(text)
    assert members(night(home, people, 3)) == {"mail/one": 0, "mail/two": 1}
    assert members(night(home, people, 20)) == {
        "mail/one": 1,
        "mail/two": 0,
    }  # unanswered for more than five days


def test_what_nobody_ever_answers_presses_nobody_for_good(mailing: Callable[..., Settings]) -> None:
    text = LOYAL.format(purpose="marketing", destinations="[mail]")
    capped = text + "contact_cap: {at_most: 1, within_days: 90}\n"
    home = mailing({"one": text, "two": capped}, {"mail": MAIL + "proposal_days: 5\n"})
    people = crowd()[:1]
    assert members(night(home, people)) == {"mail/one": 1, "mail/two": 0}
    assert members(night(home, people, 5)) == {"mail/one": 1, "mail/two": 0}
    assert members(night(home, people, 6)) == {"mail/one": 1, "mail/two": 1}


def test_a_person_is_in_the_highest_audience_only(mailing: Callable[..., Settings]) -> None:
    text = LOYAL.format(purpose="ads_matching", destinations="[ads]")
    home = mailing(
        {
            "b": text + "priority: 1\norder_by: {value: discounted_value_12_months}\ntop: 2\n",
            "a": text + "priority: 2\n",
            "c": text,
        },
        {"ads": ADS},
    )
    report = night(home, crowd())
    assert members(report) == {"ads/b": 2, "ads/a": 4, "ads/c": 6}
    steps = {each.chosen.name: {step.name: step.left_out for step in each.steps} for each in report.lists}
    assert steps["b"]["top"] == 4
    assert steps["a"]["priority"] == 2
    with connect_state(home, read_only=True) as con:
        counted = con.execute(
            "select audience, count(*) from audience_members group by all order by all"
        ).fetchall()
    assert counted == [("a", 6), ("b", 2), ("c", 6)], "who is meant does not hang on other audiences"


def test_of_equal_priorities_the_first_by_name_takes_a_person(mailing: Callable[..., Settings]) -> None:
    text = LOYAL.format(purpose="ads_matching", destinations="[ads]") + "priority: 1\n"
    home = mailing({"b": text, "a": text, "c": text.replace("priority: 1", "priority: 2")}, {"ads": ADS})
    assert members(night(home, crowd())) == {"ads/a": 6, "ads/b": 0, "ads/c": 0}


@pytest.mark.parametrize("below", ["hold_adds", "delete_list"])
def test_an_audience_whose_additions_are_held_takes_nobody(
    mailing: Callable[..., Settings], below: str
) -> None:
    """Two people too few for the platform were in no list at all: the audience above took them, and did not bring them."""
    text = LOYAL.format(purpose="ads_matching", destinations="[ads]")
    first = "title: First\npurpose: ads_matching\ndestinations: [ads]\nwho: {value: {discounted_value_12_months: {at_least: 5}}}\n"
    home = mailing(
        {"first": first + "priority: 1\n", "loyal": text + "priority: 2\n"},
        {"ads": ADS + f"smallest_list: 3\nbelow_floor: {below}\n"},
    )
    platforms, people = Platforms(home.home), crowd()
    for each in people[:2]:
        each.value = 5
    assert members(night(home, people)) == {"ads/first": 2, "ads/loyal": 6}
    people[2].value = 5
    assert members(night(home, people, 1)) == {"ads/first": 3, "ads/loyal": 3}
    answer(home, platforms.upload_all())
    # who is there stays the higher audience's while additions wait; where the list is emptied, nobody is
    people[2].value, people[3].value = 1, 5
    people[1].value = 1
    report = night(home, people, 2)
    assert members(report) == {"ads/first": 2, "ads/loyal": 5 if below == "hold_adds" else 6}
    answer(home, platforms.upload_all())
    both = platforms.lists["ads/first"] & platforms.lists["ads/loyal"]
    everybody = platforms.lists["ads/first"] | platforms.lists["ads/loyal"]
    assert (both, len(everybody)) == (set(), 12)


def test_floors_hold_adds_and_never_removals(mailing: Callable[..., Settings]) -> None:
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads, gone]")},
        {"ads": ADS + "smallest_list: 5\n", "gone": ADS + "smallest_list: 5\nbelow_floor: delete_list\n"},
    )
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = people[1].allowed = frozenset()
    people[2].contacts.append(("email", "more@example.com"))
    report = night(home, people, 1)
    assert "fewer than the smallest list, 5" in report.lists[0].notes[0]
    answer(home, platforms.upload_all())
    kept = expected_keys(people, HASHED, frozenset({"ads_matching"})) - {sha256_of("more@example.com")}
    assert platforms.lists == {"ads/loyal": kept, "gone/loyal": set()}


def test_a_list_without_a_floor_holds_nobody_back(mailing: Callable[..., Settings]) -> None:
    home = mailing({"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")}, {"ads": ADS})
    platforms, people = Platforms(home.home), crowd()[:1]
    assert night(home, people).row_count("add") == 2
    answer(home, platforms.upload_all())
    assert night(home, [], 1).row_count("remove") == 2
    answer(home, platforms.upload_all())
    assert platforms.lists["ads/loyal"] == set()


def test_nobody_is_sent_anywhere_for_profiling_who_did_not_grant_it(mailing: Callable[..., Settings]) -> None:
    """Who said nothing may be profiled; a contact goes to a platform only where it granted the purpose."""
    home = mailing(
        {"loyal": LOYAL.format(purpose="profiling", destinations="[ads]")},
        {"ads": ADS.replace("ads_matching", "profiling")},
    )
    people = crowd()
    people[0].allowed = ALL | {"profiling"}
    report = night(home, people)
    assert (members(report), report.row_count("add")) == ({"ads/loyal": 1}, 2)
    with open_published(home) as published:
        steps = waterfall(published, load_library(home), "loyal", b"a key for tests, of enough bytes")
    assert steps[-1].left == 1


def test_regions_and_crossing_borders(mailing: Callable[..., Settings]) -> None:
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads, some]")},
        {"ads": ADS + "regions: {cross_border_for: [CN]}\n", "some": ADS + "regions: {except: [CN]}\n"},
    )
    people = crowd()
    people[0].country = people[1].country = "CN"
    people[1].allowed = ALL | {"cross_border"}
    people[2].country = None
    report = night(home, people)
    steps = {each.destination: {step.name: step.left_out for step in each.steps} for each in report.lists}
    assert steps["ads"]["consent"] == 1
    assert (steps["some"]["region"], members(report)["some/loyal"]) == (3, 3)


def test_a_customer_without_a_country_is_of_that_of_her_phone(mailing: Callable[..., Settings]) -> None:
    """A till knows a number and no address: of whom nothing else is known, the number's country decides about crossing its border."""
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")},
        {"ads": ADS + "regions: {cross_border_for: [CN], unknown: keep}\n"},
    )
    mainland = [("phone", "+8613800138000"), ("email", "li@example.com")]
    people = [
        Person("a", mainland, country=None),
        Person("b", [("phone", "+8613800138001")], country=None, allowed=ALL | {"cross_border"}),
        Person("c", [("phone", "+12025550101")], country=None),
        Person("d", [("phone", "+8613800138002")], country="US"),
    ]
    report = night(home, people)
    assert {step.name: step.left_out for step in report.lists[0].steps}["consent"] == 1
    assert (members(report)["ads/loyal"], report.row_count("add")) == (3, 3)


def test_an_id_goes_with_the_guide_and_to_the_app_that_it_belongs_to(
    mailing: Callable[..., Settings],
) -> None:
    """As the channels deliver them: the scope of a platform id names its kind, and the app or the guide that it belongs to."""
    home = mailing({"loyal": LOYAL.format(purpose="marketing", destinations="[wecom, wechat_tags]")}, {})
    ids = [
        ("platform:external_userid:guide_1", "wmA"),
        ("platform:external_userid:guide_2", "wmB"),
        ("platform:openid:wx_official_account", "oA"),
        ("platform:openid:wx_mini_program", "oB"),
    ]
    night(home, [Person("a", ids)])
    found = {path.parts[-4]: path.read_text() for path in home.home.glob("activation/*/*/*/add-001.*")}
    assert found["wechat_tags"] == '{"openid_list":["oA"],"tagid":"loyal"}\n'
    assert [json.loads(line) for line in found["wecom"].splitlines()] == [
        {"userid": "guide_1", "external_userid": "wmA", "add_tag": ["loyal"]},
        {"userid": "guide_2", "external_userid": "wmB", "add_tag": ["loyal"]},
    ]


def test_countries_are_known_by_their_names(mailing: Callable[..., Settings]) -> None:
    """Channels deliver what their forms hold: a name, a code of three letters, any case."""
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads, some, only]")},
        {
            "ads": ADS + "regions: {cross_border_for: [CN]}\n",
            "some": ADS + "regions: {except: [CN], unknown: keep}\n",
            "only": ADS + "regions: {only: [DE]}\n",
        },
    )
    people = crowd()
    for person, country in zip(
        people, ["China", "中国", "cn", "Deutschland", " de", "Atlantis"], strict=True
    ):
        person.country = country
    found = members(night(home, people))
    assert (found["ads/loyal"], found["some/loyal"], found["only/loyal"]) == (3, 3, 2)


def test_what_normalises_to_nothing_is_dropped_and_counted(home: Settings) -> None:
    people = crowd()[:2]
    people[0].contacts.append(("email", "n/a"))
    people[1].contacts = [("phone", "+0000000000")]
    report = night(home, people)
    ads = next(each for each in report.lists if each.destination == "ads")
    assert (ads.member_count, ads.dropped) == (1, 2)
    assert {step.name: step.left_out for step in ads.steps}["reachable"] == 1


# ------------------------------------------------------------------------------------------------ bad input


def test_an_answer_may_begin_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text("\ufeff" + json.dumps({"home": "h", "batch": "b", "sha256": "s"}), encoding="utf-8")
    assert [each.batch for each in read_answers(path)] == ["b"]


def test_an_answer_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    said = {"home": "h", "batch": "b", "sha256": "s", "accepted": ["k"], "refused": [{"key": "k"}]}
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(ActivationProblem, match="both accepted and refused"):
        read_answers(path)


def test_answers_that_cannot_be_taken(home: Settings, tmp_path: Path) -> None:
    platforms, people = Platforms(home.home), crowd()[:1]
    night(home, people)
    right = platforms.upload_all()[0]
    assert answer(home, [right | {"home": "another"}]) == ["another home"]
    assert answer(home, [right | {"sha256": "0" * 64}]) == ["another file"]
    assert answer(home, [right | {"batch": "ads/loyal/g000001-9/add-001"}]) == ["unknown batch"]
    assert answer(home, [right | {"accepted": ["0" * 64]}]) == ["unknown key"]
    assert answer(home, [{"home": right["home"], "list": "ads/nobody", "deleted": True}]) == ["unknown batch"]
    assert len(platforms.waiting()) == 3  # nothing was taken


def test_an_answer_after_a_rollback_counts(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()[:2]
    night(home, people[:1])
    answer(home, platforms.upload_all())
    night(home, people, 1)
    late = platforms.upload_all()
    with connect_state(home) as con:
        con.execute(
            "insert into generations (generation, run_id, as_of_date, created_at, status) values ('g000002', 'r', ?, now(), 'withdrawn')",
            [AS_OF],
        )
    flip(home, "g000001")
    taken = take_answers(home, [Answer.model_validate(each) for each in late])
    assert {each.outcome for each in taken} == {"accepted"}
    assert all("withdrawn by a rollback" in each.words for each in taken)
    run_activation(home)
    answer(home, platforms.upload_all())
    assert_right(platforms, people[:1])


def test_a_normaliser_that_changed_replaces_keys(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    platforms, people = Platforms(home.home), crowd()[:1]
    people[0].contacts = [("email", "a+b@example.com")]
    night(home, people)
    answer(home, platforms.upload_all())
    changed = normalise.Normaliser("email", 2, normalise._no_tag, normalise._ADDRESS)
    monkeypatch.setattr(normalise, "NORMALISERS", {**normalise.NORMALISERS, "email": changed})
    report = night(home, people, 1)
    assert (report.row_count("add"), report.row_count("remove")) == (
        2,
        1,
    )  # the list that is replaced has no removals
    answer(home, platforms.upload_all())
    assert platforms.lists == {
        "ads/loyal": {sha256_of("a@example.com")},
        "whole/loyal": {sha256_of("a@example.com")},
    }


def test_a_list_that_was_deleted_at_the_platform_is_filled_anew(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answers = platforms.upload_all()
    answer(home, answers)
    platforms.lists["ads/loyal"].clear()
    assert answer(home, [{"home": answers[0]["home"], "list": "ads/loyal", "deleted": True}]) == [
        "list deleted"
    ]
    assert night(home, people, 1).row_count("add") == 12
    answer(home, platforms.upload_all())
    assert_right(platforms, people)


def test_an_audience_over_a_column_that_left_the_marts_adds_nobody_and_removes_who_withdrew(
    home: Settings,
) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].allowed = frozenset()
    people.append(Person("new", [("email", "new@example.com")], allowed=ALL))
    report = night(home, people, 1, without="alter table made.marts.customer_rfm drop column segment")
    assert "who.rfm.segment" in report.problems[0]
    answer(home, platforms.upload_all())
    assert_right(platforms, people[:-1])


def test_a_consent_that_ends_before_the_upload_is_said_and_removed(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    people[0].expires = AS_OF + timedelta(days=2)
    night(home, people)
    said = [batch["upload_before"] for _, batch in platforms.waiting()]
    assert str(AS_OF + timedelta(days=2)) in said
    waiting = platforms.upload_all()
    report = night(home, people, 3)
    assert report.row_count("remove") == 2
    taken = take_answers(home, [Answer.model_validate(each) for each in waiting])
    assert {each.outcome for each in taken} == {"accepted", "late"}
    people[0].allowed = frozenset()
    answer(home, platforms.upload_all())
    night(home, people, 4)
    answer(home, platforms.upload_all())
    assert_right(platforms, people)


def test_leave_to_cross_a_border_that_ends_is_said_too(mailing: Callable[..., Settings]) -> None:
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")},
        {"ads": ADS + "regions: {cross_border_for: [CN]}\n"},
    )
    platforms, people = Platforms(home.home), crowd()[:1]
    people[0].country, people[0].allowed = "CN", ALL | {"cross_border"}
    ends = f"timestamp '{AS_OF + timedelta(days=2)}'"
    night(
        home,
        people,
        without=f"update marts.contact_permissions set expires_at = {ends} where purpose = 'cross_border'",
    )
    assert {batch["upload_before"] for _, batch in platforms.waiting()} == {str(AS_OF + timedelta(days=2))}


def test_what_others_leave_among_the_files_stops_no_night(home: Settings) -> None:
    night(home, crowd())
    folder = next((home.home / "activation" / "ads" / "loyal").iterdir())
    for place in (folder.parents[2], folder.parents[1], folder.parent, folder):
        (place / ".DS_Store").write_text("x")
    (folder / "done").mkdir()
    assert night(home, crowd(), 1).problems == []
    assert answer(home, Platforms(home.home).upload_all())
    assert not folder.exists()


def test_a_file_that_was_lost_is_written_again_byte_equal(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    before = {
        batch["batch"]: (said["folder"] / batch["file"]).read_bytes() for said, batch in platforms.waiting()
    }
    for said, batch in platforms.waiting()[:2]:
        (said["folder"] / batch["file"]).unlink()
    report = night(home, people, 1)
    assert (report.file_count, report.put_back) == (0, 2)
    after = {
        batch["batch"]: (said["folder"] / batch["file"]).read_bytes() for said, batch in platforms.waiting()
    }
    assert after == before


def test_an_audience_or_destination_that_is_gone_empties_its_lists(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    (home.project_dir / "audiences" / "loyal.yaml").unlink()
    night(home, people, 1)
    answer(home, platforms.upload_all())
    assert platforms.lists == {"ads/loyal": set(), "whole/loyal": set()}


def test_a_destination_whose_yaml_is_gone_is_told_of(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    (home.project_dir / "destinations" / "ads.yaml").unlink()
    people[0].allowed = frozenset()
    report = night(home, people, 1)
    assert any("nobody who withdrew is removed there" in each for each in report.problems)
    answer(home, platforms.upload_all())
    assert len(platforms.lists["whole/loyal"]) == 5


BACK = """\
title: Back
kind: conversion
consents: [{purpose: measurement}]
identifiers: [{field: em, contact: email, normaliser: email, hash: sha256_hex}]
file: {writer: json, extension: json, body: {data: $rows}, row: {event_id: $event_id}}
event: {name: Purchase, return_window_days: 1, max_event_age_days: 60}
"""


@pytest.mark.parametrize("becomes", [BACK, "title: [broken", None])
def test_a_destination_that_takes_no_people_any_more_is_told_of_and_offers_nobody(
    mailing: Callable[..., Settings], becomes: str | None
) -> None:
    """Nothing can be written for its lists: what was to be added is withdrawn, and who is there is told of until a destination can remove them."""
    home = mailing({"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")}, {"ads": ADS})
    platforms, people = Platforms(home.home), crowd()
    night(home, people)
    answer(home, platforms.upload_all())
    people.append(Person("new", [("email", "new@example.com")], allowed=ALL))
    night(home, people, 1)
    assert len(platforms.waiting()) == 1
    path = home.project_dir / "destinations" / "ads.yaml"
    _ = path.write_text(becomes) if becomes else path.unlink()
    people[0].allowed = frozenset()
    report = night(home, people, 2)
    assert platforms.waiting() == []
    assert any("ads" in each and "nobody who withdrew is removed there" in each for each in report.problems)
    path.write_text(ADS)
    night(home, people, 3)
    answer(home, platforms.upload_all())
    assert platforms.lists["ads/loyal"] == expected_keys(people, HASHED, frozenset({"ads_matching"}))


def test_members_come_refreshed(mailing: Callable[..., Settings]) -> None:
    home = mailing(
        {"loyal": LOYAL.format(purpose="ads_matching", destinations="[ads]")},
        {"ads": ADS + "refresh_days: 10\n"},
    )
    platforms, people = Platforms(home.home), crowd()[:2]
    night(home, people)
    answer(home, platforms.upload_all())
    assert night(home, people, 9).file_count == 0
    assert night(home, people, 10).row_count("add") == 4
    answer(home, platforms.upload_all())
    assert night(home, people, 11).file_count == 0


# ------------------------------------------------------------------------------------------------ people


def test_membership_has_a_history_with_reasons(home: Settings) -> None:
    people = crowd()[:4]
    night(home, people)
    people[0].allowed, people[1].segment, people[2].is_profiled = frozenset(), "Lost", False
    night(home, people[:3], 1, merged={"p3": "p2"})
    people[0].allowed = ALL
    night(home, people[:3], 2)
    with connect_state(home, read_only=True) as con:
        rows = con.execute(
            "select on_date, customer_id, event, reason from audience_history order by on_date, customer_id"
        ).fetchall()
        now = con.execute("select customer_id, entered_on from audience_members").fetchall()
    day = [AS_OF + timedelta(days=number) for number in range(3)]
    assert rows == [
        *((day[0], f"p{number}", "entered", "the audience is new") for number in range(4)),
        (day[1], "p0", "left", "consent"),
        (day[1], "p1", "left", "who.rfm"),
        (day[1], "p2", "left", "profiling"),
        (day[1], "p3", "left", "merged"),
        (day[2], "p0", "entered", "no longer left out: consent"),
    ]
    assert now == [("p0", day[2])]


def test_nobody_leaves_an_audience_for_an_order_that_is_parked(home: Settings) -> None:
    """What it is worth is not known: whoever was in stays in until it is, unless consent or suppression end it."""
    people = crowd()[:4]
    for person in people:
        person.orders = [{"on": AS_OF, "net": 90}]
    night(home, people)
    for person in people[:3]:
        person.segment = "Lost"  # as its figures now say
    for person in people[:2]:
        person.orders[0] |= {"is_parked": True, "net": None}
    night(home, people, 1)
    assert_members(home, {"p0", "p1", "p3"})  # p2's order counts: it leaves
    night(home, people, 2)
    assert_members(
        home, {"p0", "p1", "p3"}
    )  # remembered, also when the generation before had it parked already
    people[0].orders[0] |= {"is_parked": False, "net": 5}
    people[1].allowed = frozenset()
    night(home, people, 3)
    assert_members(home, {"p3"})
    with connect_state(home) as con:
        assert con.execute("select order_id, parked_on from activation_parked_orders").fetchall() == [
            ("p1-1", AS_OF + timedelta(days=1))
        ]


def test_an_order_that_never_counted_keeps_nobody(home: Settings) -> None:
    people = crowd()[:2]
    people[0].orders = [{"on": AS_OF, "is_parked": True, "net": None}]
    night(home, people)
    people[0].segment = "Lost"
    night(home, people, 1)
    assert_members(home, {"p1"})


def assert_members(home: Settings, expected: set[str]) -> None:
    with connect_state(home) as con:
        rows = con.execute("select customer_id from audience_members where audience = 'loyal'").fetchall()
    assert {row[0] for row in rows} == expected


def test_what_is_held_of_a_person_can_be_listed_and_goes_once_removed(home: Settings) -> None:
    platforms, people = Platforms(home.home), crowd()
    people[1].contacts.append(people[0].contacts[1])  # p0 and p1 share a phone: it is not hers alone
    night(home, people)
    answer(home, platforms.upload_all())
    people[0].contacts.append(("email", "second@example.com"))
    night(home, people, 1)  # waits, not yet uploaded
    with connect_state(home, read_only=True) as con:
        found = platform_keys(con, ["p0"])
    assert sorted((each.destination, each.contact_type, each.stands) for each in found) == [
        ("ads", "email", "there"),
        ("ads", "email", "waits"),
        ("whole", "email", "waits"),  # a list that is replaced waits as a whole
        ("whole", "email", "waits"),
    ]
    assert find(home, ["p0"]) == {
        "activation_entries": 4,
        "activation_key_customers": 3,
        "audience_history": 1,
        "audience_members": 1,
    }
    keys = erase(home, ["p0"])
    assert find(home, ["p0"]) == {}
    assert not any("second" in str(platforms.upload(said, batch)) for said, batch in platforms.waiting())
    assert (
        sha256_of("second@example.com") not in platforms.lists["ads/loyal"] | platforms.lists["whole/loyal"]
    )
    with connect_state(home, read_only=True) as con:
        assert {each.stands for each in unremoved(con, keys)} == {"there", "to be proposed"}
    night(home, people[1:], 2)  # no longer published
    answer(home, platforms.upload_all())
    assert_right(platforms, people[1:])
    with connect_state(home, read_only=True) as con:
        assert unremoved(con, keys) == []
    night(home, people[1:], 40)
    with connect_state(home, read_only=True) as con:
        key = sha256_of("p0@example.com")
        assert con.execute(
            "select count(*) from activation_keys where platform_key = ?", [key]
        ).fetchall() == [(0,)]


def test_dates_are_those_of_the_generation(home: Settings) -> None:
    report = night(home, crowd()[:1])
    assert report.as_of == AS_OF == date(2026, 6, 30)


def test_a_night_counts_statements_by_destination_and_not_by_audience_or_answer(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty audiences at ten destinations were five hundred joins, and each of thousands of answers five statements: what stands beside nothing else is worked out at once."""
    text = LOYAL.format(purpose="ads_matching", destinations="[ads]")
    names = [f"a{number}" for number in range(8)]
    documents = dict.fromkeys(names, text)
    documents["a3"] += "order_by: {value: discounted_value_12_months}\ntop: 2\n"
    documents["a4"] = text.replace(
        "who: {rfm: {segment: [Loyal]}}",
        "who: {all: [{lifecycle: {stage: [active]}}, {rfm: {segment: [Loyal]}}]}",
    )
    settings.project = project(tmp_path, documents, {"ads": ADS})
    people = crowd()
    people[5].value = 9
    people[4].allowed = frozenset()
    staged, asked = [], []
    stage, take = lists._stage, answers_module._take
    monkeypatch.setattr(lists, "_stage", lambda *given: staged.append(1) or stage(*given))
    monkeypatch.setattr(answers_module, "_take", lambda *given: asked.append(1) or take(*given))
    report = night(settings, people)
    assert len(staged) == 1
    by_name = {each.chosen.name: each for each in report.lists}
    assert {name: each.member_count for name, each in by_name.items()} == {
        name: 2 if name == "a3" else 5 for name in names
    }
    for each in by_name.values():  # rows balance, whatever the number of rules
        assert each.steps[0].left - sum(step.left_out for step in each.steps) == each.member_count
        assert {step.name: step.left_out for step in each.steps}["consent"] == 1
    platforms = Platforms(settings.home)
    reported = platforms.upload_all()
    assert platforms.lists["ads/a3"] == expected_keys(
        [people[0], people[5]], HASHED, frozenset({"ads_matching"})
    )
    assert answer(settings, reported) == ["accepted"] * len(reported)
    assert asked == []
    assert night(settings, people, 1).file_count == 0
    # in one file with an answer that says more, and with two about one batch: each is taken for itself
    people[0].allowed = frozenset()
    night(settings, people, 2)
    reported = platforms.upload_all()
    two = [reported[0] | {"status": "refused", "reason": "no"}, reported[0]]
    assert answer(settings, [*two, *reported[1:]]) == [
        "refused",
        "accepted",
        *["accepted"] * (len(reported) - 1),
    ]
    assert len(asked) == 2
    assert night(settings, people, 3).file_count == 0


def test_what_state_knows_of_is_on_the_disk(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written without waiting for the disk, and all of them are there before the ledger says so."""
    synced: set[str] = set()

    def noted(paths: list[Path]) -> None:
        synced.update(map(str, paths))
        sync_files(paths)

    monkeypatch.setattr(files, "sync_files", noted)
    publish(home, crowd(), AS_OF)

    def at(step: str) -> None:
        if step == "activation/files written":
            beside = home.home / "activation" / ".writing"
            assert synced == {str(each) for each in [beside, *beside.rglob("*")]}

    run_activation(home, reached=at)
    assert len(synced) > 5
