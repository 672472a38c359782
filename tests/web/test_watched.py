"""Alerts on figures and notes on days, made on the page, told by the run; and the report as one file."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cdp_assets.commands.report import write_report
from cdp_assets.operations import watched
from cdp_assets.operations.alerts import WarningNotice, alert
from cdp_assets.operations.attention import attention
from cdp_assets.settings import Settings
from cdp_assets.web.report import report
from tests.web.conftest import Reader


@pytest.fixture
def scored(published: Settings) -> Settings:
    """The newest generation with one figure of the week: net revenue 900 of 1,000, red."""
    path = Path(str((published.published_dir / "current" / "marts.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found")
        con.execute(
            "update found.marts.scorecard_weekly set metric = 'net_revenue', period_start = date '2017-12-18' + (7 * (rowid % 2))::integer, "
            "period_end = date '2017-12-24' + (7 * (rowid % 2))::integer, metric_value = 900, target = 1000, direction = 'up', status = 'red', "
            "is_complete = true"
        )
    return published


@pytest.mark.parametrize(
    ("condition", "threshold", "is_told"),
    [("below", 901.0, True), ("below", 900.0, False), ("above", 899.0, True), ("above", 900.0, False), ("red", None, True), ("misses_target", None, True)],
)  # fmt: skip
def test_a_figure_is_told_where_its_condition_is_met_and_once_per_period(
    scored: Settings, condition: str, threshold: float | None, is_told: bool
) -> None:
    watched.add_alert(scored, "weekly", "net_revenue", condition, threshold, "kim")
    lines = watched.struck(scored)
    assert len(lines) == is_told
    assert all("2017-12-25 to 2017-12-31" in line and "900.00" in line for line in lines)
    watched.were_told(scored)
    assert watched.struck(scored) == ()


def test_the_runs_own_alerts_carry_it(scored: Settings, empty_state: Path) -> None:
    scored.state_path.write_bytes(empty_state.read_bytes())
    watched.add_alert(scored, "weekly", "net_revenue", "red", None, "kim")
    assert any(line.startswith("watched figure: net_revenue") for line in attention(scored, "a-run"))


def test_an_alert_that_reached_nobody_is_told_by_the_next_run(scored: Settings) -> None:
    watched.add_alert(scored, "weekly", "net_revenue", "red", None, "kim")
    lines = watched.struck(scored)
    deaf = scored.model_copy(update={"alert_webhook": "http://127.0.0.1:9/"})
    assert alert(deaf, WarningNotice("a-run", str(scored.home), lines, "log"))[0].startswith("no alert")
    assert watched.struck(scored) == lines
    assert (
        alert(scored, WarningNotice("a-run", str(scored.home), lines, "log")) == []
    )  # printed, and nowhere else to go
    assert watched.struck(scored) == ()


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_that_is_no_number_is_not_kept_and_silences_nothing_where_it_was(
    scored: Settings, empty_state: Path, threshold: float
) -> None:
    with pytest.raises(ValueError, match="an alert needs"):
        watched.add_alert(scored, "weekly", "net_revenue", "below", threshold, "kim")
    watched.add_alert(scored, "weekly", "net_revenue", "red", None, "kim")
    with sqlite3.connect(scored.home / "web" / "watched.sqlite") as con:  # as an older home has it
        con.execute(
            "insert into alerts (cadence, metric, condition, threshold, author, made_at) values ('weekly', 'net_revenue', 'below', ?, 'lee', '')",
            [threshold],
        )
    scored.state_path.write_bytes(empty_state.read_bytes())
    assert any("red, asked for by kim" in line for line in attention(scored, "a-run"))


def test_nothing_is_asked_of_a_home_where_nobody_watches(scored: Settings) -> None:
    assert watched.struck(scored) == () and not (scored.home / "web" / "watched.sqlite").exists()


@pytest.mark.parametrize(
    ("cadence", "condition", "threshold"),
    [("daily", "red", None), ("weekly", "near", 1.0), ("weekly", "below", None), ("weekly", "red", 1.0)],
)
def test_what_is_no_alert_is_not_kept(
    scored: Settings, cadence: str, condition: str, threshold: float | None
) -> None:
    with pytest.raises(ValueError, match="an alert needs"):
        watched.add_alert(scored, cadence, "net_revenue", condition, threshold, "kim")


def test_an_alert_and_a_note_are_made_and_removed_on_the_page(scored: Settings) -> None:
    site = Reader(scored)
    site.get("/watch")
    done = site.post(
        "/watch/alerts/add", {"metric": "weekly.net_revenue", "condition": "below", "threshold": "1,000"}
    )
    assert "Watched from the next run on" in site.follow(done).text
    assert [(each.metric, each.threshold) for each in watched.alerts(scored)] == [("net_revenue", 1000.0)]
    for unclear in ("nan", "inf", "1e400", "1,5", "a lot", ""):
        form = {"metric": "weekly.net_revenue", "condition": "below", "threshold": unclear}
        assert site.post("/watch/alerts/add", form).status_code == 400, unclear
    assert site.post("/watch/alerts/add", {"metric": "weekly.nothing", "condition": "red"}).status_code == 400
    site.post("/watch/notes/add", {"day": "2017-12-11", "words": "<b>Sale</b>"})
    assert [(each.day, each.words) for each in watched.notes(scored)] == [(date(2017, 12, 11), "<b>Sale</b>")]
    shown = site.get("/watch").text
    assert "&lt;b&gt;Sale" in shown
    for form, number in re.findall(r'action="(/watch/\w+/remove)".*?name="id" value="(\d+)"', shown):
        site.post(form, {"id": number})
    assert watched.alerts(scored) == [] and watched.notes(scored) == []


def test_a_note_stands_in_charts_over_its_day_and_in_no_other(site: Reader) -> None:
    watched.add_note(site.settings, date(2017, 6, 5), "Sale begins", "kim")
    watched.add_note(site.settings, date(2031, 1, 1), "Far away", "kim")
    pictures = re.findall(r'data-chart="(/chart/[^"]+)\.json"', site.get("/").text)
    drawn = [site.get(f"{each}.svg").text for each in pictures]
    assert any("Sale begins" in each for each in drawn) and not any("Far away" in each for each in drawn)
    assert site.get(f"{pictures[0]}.csv").text.count("Sale begins") == 0  # figures stay figures


@pytest.mark.parametrize(("language", "word"), [("en", "Weekly report"), ("zh", "每周报告")])
def test_the_report_is_one_file_that_needs_nothing(
    published: Settings, tmp_path: Path, language: str, word: str
) -> None:
    out = tmp_path / "report.html"
    assert write_report(home=published.home, out=out, language=language) == 0
    text = out.read_text(encoding="utf-8")
    assert f"<h1>{word}</h1>" in text and text.count("<svg") >= 3
    assert not re.search(r"<(script|link|form|img|a)\b|href=|url\(|src=", text)
    assert out.stat().st_mode & 0o077 == 0
    assert report(Settings(home=tmp_path / "nothing", key=published.key), language) is None
    assert write_report(home=published.home, out=out, language="xx") == 1
