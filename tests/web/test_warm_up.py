"""A generation is made ready once for all workers; pages that only a generation changes are built once; charts are drawn elsewhere."""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cdp_assets.operations import watched
from cdp_assets.settings import Settings
from cdp_assets.web import published as files
from cdp_assets.web import warmed
from cdp_assets.web.drawer import Drawer, NotDrawn
from cdp_assets.web.published import newest_published, take_in_answers
from cdp_assets.web.queries import audiences, overview
from tests.web.conftest import Reader


def test_a_worker_takes_in_what_another_process_asked_and_asks_no_more(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = newest_published(published)
    assert shown is not None
    monkeypatch.setattr("cdp_assets.web.pictures.draw", lambda *_: None)
    monkeypatch.setattr("cdp_assets.web.pictures.script", lambda *_: None)
    assert not warmed.take_in(published, shown)
    warmed.make(published, shown)
    (kept,) = (published.home / "web" / "answers").glob("*.pickle")
    assert kept.stat().st_mode & 0o077 == 0
    assert not any(
        "customer_id" in found.columns for found in pickle.loads(kept.read_bytes())["answers"].values()
    )
    sizes, asked = audiences.kept_sizes(shown), overview.weekly_revenue(shown)
    assert len(sizes) == 6
    monkeypatch.setattr(files, "_CACHE", files._Cache())
    monkeypatch.setattr(audiences, "_sizes", type(audiences._sizes)())
    monkeypatch.setattr(warmed, "take_in_answers", files._CACHE.take_in)
    monkeypatch.setattr(files, "_answer", lambda *_: pytest.fail("a question was asked anew"))
    assert warmed.take_in(published, shown)
    pd.testing.assert_frame_equal(overview.weekly_revenue(shown), asked)
    assert audiences.kept_sizes(shown) == sizes


def test_a_page_is_built_once_for_each_language_address_and_note(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, built_as = Reader(published), []
    from cdp_assets.web.navigation import PAGES

    page = next(page for page in PAGES if page.name == "offers")
    real = page.tabs["affinity"]
    monkeypatch.setitem(
        page.tabs, "affinity", lambda view: built_as.append(view.texts.language) or real(view)
    )  # type: ignore[index]
    first, again = site.get("/offers"), site.get("/offers")
    assert built_as == ["en"] and first.status_code == again.status_code == 200
    site.get("/offers?lang=zh"), site.get("/offers?q=a&lang=en"), site.get("/offers?q=a")
    assert built_as == ["en", "zh", "en"]
    watched.add_note(published, datetime.date(2017, 5, 1), "a sale", "somebody")
    site.get("/offers")
    assert built_as == ["en", "zh", "en", "en"]


def test_answers_that_are_large_are_not_kept(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = newest_published(published)
    assert shown is not None
    large = pd.DataFrame({"number": range(1_000_000)})
    take_in_answers(shown.version, {("large", ()): large, ("small", ()): large.head(5)})
    kept = files.kept_answers(shown.version)
    assert ("small", ()) in kept and ("large", ()) not in kept
    monkeypatch.setattr(files, "MOST_KEPT", 1)
    take_in_answers(shown.version, {("other", ()): large.head(9)})
    assert not files.kept_answers(shown.version)


def test_a_chart_is_drawn_in_a_process_that_rests_and_one_that_cannot_be_drawn_says_so() -> None:
    drawer = Drawer()
    chart = {"mark": "bar", "data": {"values": [{"a": "一", "b": 2}]},
             "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}}}  # fmt: skip
    svg = drawer.draw(chart, "svg", "zh-CN", "zh-CN")
    assert svg.startswith(b"<svg") and "一".encode() in svg
    with pytest.raises(NotDrawn):
        drawer.draw({"mark": 7}, "svg", "en-US", "en-GB")
    assert drawer.draw(chart, "png", "en-US", "en-GB").startswith(b"\x89PNG")
    process = drawer._process
    drawer.rest()
    assert process is not None and process.poll() is not None


def test_what_a_query_spills_lies_in_a_folder_of_the_owner_and_that_of_a_dead_process_goes(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "spill"
    (scratch / "999999999-left").mkdir(parents=True)
    folder = Path(files._spill_folder(scratch))
    assert folder.parent == scratch and folder.stat().st_mode & 0o077 == 0
    assert [each.name for each in scratch.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        (
            "cdp_assets.web.application",
            {"altair", "dagster", "dbt", "scipy", "splink", "sqlfluff", "vl_convert"},
        ),
        ("cdp_assets.web.serve", {"duckdb", "numpy", "pandas", "pydantic", "rich", "starlette"}),
    ],
)
def test_a_process_of_the_site_holds_no_library_that_only_others_need(
    module: str, not_needed: set[str]
) -> None:
    code = f"import sys, {module}; print({not_needed} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
