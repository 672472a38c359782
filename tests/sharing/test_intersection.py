"""Two homes compare their contacts by files: exact, only where sharing was granted, never a set of few, never a changed file."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdp_assets import audit
from cdp_assets.home import prepare_home
from cdp_assets.settings import Settings
from cdp_assets.sharing import contacts, intersection
from cdp_assets.sharing.problems import SharingProblem
from cdp_assets.state import migrate
from tests.activation.homes import Person, publish

BOTH, MINE, THEIRS = range(25), range(100, 110), range(200, 215)


def home(folder: Path, numbers: list[int], denied: range = range(0)) -> Settings:
    made = Settings(home=folder, key="test-key-of-at-least-thirty-two-bytes")
    folder.mkdir()
    migrate(made)
    people = [
        Person(
            f"c{n}",
            contacts=[("email", f"P{n}@x.test")],
            allowed=frozenset() if n in denied else frozenset({"sharing"}),
        )
        for n in numbers
    ]
    publish(made, people)
    return made


@pytest.fixture
def ours(tmp_path: Path) -> Settings:
    return home(tmp_path / "ours", [*BOTH, *MINE], denied=range(2))


@pytest.fixture
def theirs(tmp_path: Path) -> Settings:
    return home(tmp_path / "theirs", [*BOTH, *THEIRS])


@pytest.fixture
def psi() -> None:
    pytest.importorskip(
        "private_set_intersection",
        reason="openmined-psi is not installed: pip install --no-deps openmined-psi",
    )


def test_only_contacts_that_granted_sharing_are_compared(ours: Settings) -> None:
    mine = contacts.shareable(ours, "email")
    assert len(mine) == 33 and "email:p5@x.test" in mine.values() and "email:p1@x.test" not in mine.values()
    assert contacts.shareable(ours, "phone") == {}
    with pytest.raises(SharingProblem, match="not compared"):
        contacts.shareable(ours, "street")
    assert contacts.found_among({"a": "email:x"}, ["a", "b"], [0, 1, 7]) == ["x"]  # b has withdrawn


@pytest.mark.parametrize("members", [True, False])
def test_both_houses_contacts_are_told_exactly(
    ours: Settings, theirs: Settings, psi: None, members: bool
) -> None:
    request, count = intersection.setup(ours, "them", "email", reveals=members)
    answer, other = intersection.respond(theirs, "us", request, reveals=members)
    assert (count, other) == (33, 40)
    everything = request.read_bytes() + answer.read_bytes()
    assert b"x.test" not in everything
    found = intersection.intersect(ours, "them", answer)
    assert found.count == 23
    assert stat.S_IMODE(request.stat().st_mode) == 0o600
    if members:
        assert found.members is not None
        assert found.members.read_text().splitlines() == [
            "email",
            *sorted(f"p{n}@x.test" for n in range(2, 25)),
        ]
        publish(
            ours,
            [
                Person(f"c{n}", contacts=[("email", f"P{n}@x.test")], allowed=frozenset({"sharing"}))
                for n in range(10, 40)
            ],
        )
        assert intersection.intersect(ours, "them", answer).count == 15  # the others withdrew
    else:
        assert found.members is None


def test_sets_of_few_or_too_many_and_files_that_do_not_fit_are_refused(
    ours: Settings, theirs: Settings, tmp_path: Path, psi: None
) -> None:
    few = home(tmp_path / "few", list(range(5)))
    with pytest.raises(SharingProblem, match="fewer than 20"):
        intersection.setup(few, "them", "email", reveals=True)
    request, _ = intersection.setup(ours, "them", "email", reveals=True)
    with pytest.raises(SharingProblem, match="more than 30"):
        intersection.respond(theirs.model_copy(update={"psi_most": 30}), "us", request, reveals=True)
    head, _, body = request.read_bytes().partition(b"\n")
    changed = json.dumps({**json.loads(head), "reveals": False}).encode()
    for content, found in (
        (head + b"\n" + body[:-9], "no whole request"),
        (b"nothing", "no whole request"),
        (changed + b"\n" + body, "says one thing"),
    ):
        (tmp_path / "bad.psi").write_bytes(content)
        with pytest.raises(SharingProblem, match=found):
            intersection.respond(theirs, "us", tmp_path / "bad.psi", reveals=True)
    answer, _ = intersection.respond(theirs, "us", request, reveals=True)
    with pytest.raises(SharingProblem, match="answers no request"):
        intersection.intersect(ours, "somebody", answer)
    with pytest.raises(SharingProblem, match="cannot be a folder"):
        intersection.setup(ours, "../them", "email", reveals=True)


def test_members_are_told_only_where_both_houses_agree_and_each_step_is_in_the_log(
    ours: Settings, theirs: Settings, psi: None
) -> None:
    request, _ = intersection.setup(ours, "them", "email", reveals=True)
    with pytest.raises(SharingProblem, match="which contacts both have"):
        intersection.respond(theirs, "us", request)
    assert not list(theirs.home.glob("psi/us/*"))
    answer, _ = intersection.respond(theirs, "us", request, reveals=True)
    intersection.intersect(ours, "them", answer)
    assert [each.facts["what"] for each in audit.read(ours, action="intersection")] == ["read", "asked"]
    (given,) = audit.read(theirs, action="intersection")
    assert (given.facts["partner"], given.facts["members"], given.facts["contacts"]) == ("us", True, 40)


def test_a_count_of_few_is_not_told(ours: Settings, tmp_path: Path, psi: None) -> None:
    other = home(tmp_path / "other", [*range(2, 7), *range(300, 330)])
    request, _ = intersection.setup(ours, "them", "email", reveals=False)
    answer, _ = intersection.respond(other, "us", request)
    assert intersection.intersect(ours, "them", answer).count is None


def test_files_of_intersections_go_when_their_time_is_over(settings: Settings) -> None:
    folder = settings.home / "psi" / "acme"
    folder.mkdir(parents=True)
    for name in ("a.members.csv", "a.secret.json", "b.members.csv"):
        (folder / name).write_text("email\nann@x.test\n")
    old = (datetime.now(UTC) - timedelta(days=31)).timestamp()
    for name in ("a.members.csv", "a.secret.json"):
        os.utime(folder / name, (old, old))
    assert any("ONEFOLD_PSI_DAYS" in each for each in prepare_home(settings))
    assert [path.name for path in folder.iterdir()] == ["b.members.csv"]
