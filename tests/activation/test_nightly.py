"""Activation as a part of the night: told of when it fails, and never a reason to call the run unpublished."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

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
