"""`onefold channel new` in a project that `onefold init` laid: every step that it names can be taken there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.commands.channel import check_files, new_channel
from cdp_assets.project.lay import lay_project

SAMPLE = """\
Booking No;Booked on;Guest;E-Mail;Treatment;Price;State
B-1;2026-03-02 10:15;Ann Lee;a@x.de;Massage;60.00;done
B-2;2026-03-03 11:00;Ben Roy;b@x.de;Facial;45.00;no-show
"""


def test_a_laid_project_is_told_of_its_own_folders_and_of_no_tests_that_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "shop"
    lay_project(project)
    monkeypatch.chdir(project)
    sample = tmp_path / "bookings_2026-03-31.csv"
    sample.write_text(SAMPLE)
    assert new_channel(name="bookings", samples=[sample], export=None, sheet=None, overwrite=False) == 0
    said = capsys.readouterr().out
    assert "wrote channels/bookings.yaml" in said
    assert "tests/landing" not in said
    assert "put the files into data/home/inbox/bookings/" in said
    assert "'no-show' is cancelled" in said
    dated = (project / "channels" / "bookings.yaml").read_text().partition("name: booked_on")[2]
    assert "required: true" in dated.partition("- name:")[0]  # a run dates its events by it
    assert check_files(name="bookings", files=[sample], home=None, inbox=None) == 0
    assert "2 of 2 rows land" in capsys.readouterr().out
