"""Activation as a part of the night: told of when it fails, and never a reason to call the run unpublished."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cdp_assets import audit
from cdp_assets.commands import activation as commands
from cdp_assets.commands.saying import plain_console
from cdp_assets.defs import publish as nightly
from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.test_story import LOYAL, project


def run_step(settings: Settings) -> tuple[Any, RunRecord]:
    """The asset's own body, without the graph around it."""
    record = RunRecord(settings, "r1")
    home = SimpleNamespace(settings=settings, record=lambda _: record)
    context = SimpleNamespace(log=logging.getLogger("test"), run=SimpleNamespace(run_id="r1"))
    body = nightly.activation.op.compute_fn.decorated_fn  # type: ignore[union-attr]
    return body(context, home), record


def test_the_night_says_what_it_brought_where(settings: Settings, tmp_path: Path) -> None:
    settings.project = project(
        tmp_path, {"loyal": LOYAL.format(purpose="marketing", destinations="[sms, nowhere]")}, {}
    )
    publish(settings, [Person("a", [("phone", "+12025550101")])], AS_OF)
    result, record = run_step(settings)
    assert (result.metadata["lists"], result.metadata["files"]) == (1, 1)
    assert [step.kind for step in record.steps()] == ["tell", "asset"]


def test_a_failed_activation_is_told_of_and_unpublishes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, [Person("a")], AS_OF)

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("+12025550101")

    monkeypatch.setattr(nightly, "run_activation", fail)
    _, record = run_step(settings)
    told = [step.detail for step in record.steps() if step.kind == "tell"]
    assert "`onefold activation run` tries again" in str(told)
    assert "2025550101" not in str(told)
    assert current_generation(settings) == "g000001"


def test_a_home_without_audiences_is_not_even_opened(settings: Settings, tmp_path: Path) -> None:
    settings.project = project(tmp_path, {}, {})
    result, record = run_step(settings)
    assert (result.metadata["lists"], [step.kind for step in record.steps()]) == (0, ["asset"])
    assert not (settings.home / "activation").exists()


def test_the_commands_propose_take_answers_and_say_how_it_stands(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(tmp_path, {"loyal": LOYAL.format(purpose="marketing", destinations="[sms]")}, {})
    for name, value in (
        ("PROJECT", made),
        ("HOME", settings.home),
        ("INBOX", settings.inbox_dir),
        ("KEY", settings.key),
    ):
        monkeypatch.setenv(f"ONEFOLD_{name}", str(value))
    monkeypatch.setattr("cdp_assets.commands.activation.prepare_home", lambda _: [])
    publish(
        settings, [Person("a", [("phone", "+12025550101")]), Person("b", [("phone", "+12025550102")])], AS_OF
    )
    console = plain_console(width=160)
    assert commands.status(home=None, console=console) == 0
    assert commands.run(home=None, inbox=None, console=console) == 0
    manifest = json.loads(next(settings.home.glob("activation/sms/loyal/*/manifest.json")).read_text())
    batch = manifest["batches"][0]
    answers = tmp_path / "answers.jsonl"
    right = {"home": manifest["home"], "batch": batch["batch"], "sha256": batch["sha256"]}
    answers.write_text(json.dumps(right) + "\n" + json.dumps(right) + "\n")
    assert commands.ack(file=answers, home=None, inbox=None, console=console) == 0
    answers.write_text(json.dumps(right | {"sha256": "0"}))
    assert commands.ack(file=answers, home=None, inbox=None, console=console) == 1
    answers.write_text(json.dumps({"home": manifest["home"]}))
    assert commands.ack(file=answers, home=None, inbox=None, console=console) == 1
    answers.write_text("no JSON")
    assert commands.ack(file=answers, home=None, inbox=None, console=console) == 1
    assert commands.status(home=None, console=console) == 0
    said = capsys.readouterr().out
    for words in (
        "nothing was proposed yet",
        "proposed 1 files: 2 to add",
        "known already",
        "another file",
        "copy them from the manifest",
        "there 2",
    ):
        assert words in said
    assert "2025550101" not in said
    assert {each.action for each in audit.read(settings)} == {"activate", "acknowledge"}
