"""What a run shows while it lasts."""

from __future__ import annotations

import io

from rich.console import Console

from cdp_assets.commands.run import _progress, _show_step
from cdp_assets.publishing.run_record import Step


def test_a_bar_is_full_when_all_expected_assets_are_made_and_not_before() -> None:
    """A step of identity is recorded beside its tables: counted, it filled the bar, and its clock stood still, while laws were tested."""
    expected = {"identity/pairs", "publish/laws"}
    with _progress(Console(file=io.StringIO())) as progress:
        task = progress.add_task("landing", total=len(expected))
        for kind, name in (
            ("asset", "identity/weigh_pairs"),
            ("check", "identity/pairs"),
            ("asset", "identity/pairs"),
        ):
            _show_step(progress, task, Step(kind, name), expected)
        assert not progress.finished
        assert progress.tasks[0].completed == 1
        _show_step(progress, task, Step("asset", "publish/laws"), expected)
        assert progress.finished
