"""The pages read the published files and nothing else, and follow the link."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from cdp_assets.pages.published import current_published, open_read_only, previous_published
from cdp_assets.settings import Settings
from tests.pages.conftest import RunPage
from tests.web.published_file import publish_made_up


@pytest.fixture
def con(published_template: Path) -> duckdb.DuckDBPyConnection:
    marts = os.path.realpath(published_template / "published" / "current.duckdb")
    return open_read_only(marts, None, memory_limit="256MB")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from customers",
        "create table onefold.marts.mine as select 1",
        "select * from read_text('/etc/hostname')",
        "copy customers to '/tmp/never.csv'",
        "attach '/tmp/never.duckdb' as other",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_nothing_but_reading_the_marts_is_possible(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        con.execute(sql)


def test_the_contact_file_is_closed_without_reveal(published: Settings) -> None:
    shown = current_published(published, reveal=False)
    assert shown is not None and shown.contact_path is None
    with pytest.raises(PermissionError, match="--reveal"):
        shown.ask_contact("select 1")


def test_both_files_belong_to_the_generation_that_the_link_names(published: Settings) -> None:
    shown = current_published(published, reveal=True)
    assert shown is not None and shown.contact_path is not None
    assert shown.generation == "g000002"
    assert {Path(shown.marts_path).parent.name, Path(shown.contact_path).parent.name} == {"g000002"}


def test_before_the_first_generation_nothing_is_shown(settings: Settings, run_page: RunPage) -> None:
    assert current_published(settings, reveal=False) is None
    app = run_page(settings, "overview")
    assert "onefold run" in app.info[0].value


def test_the_former_generation_is_the_one_before(published: Settings) -> None:
    shown = current_published(published, reveal=False)
    assert shown is not None
    before = previous_published(shown)
    assert before is not None and before.generation == "g000001"
    assert previous_published(before) is None


def test_a_new_generation_is_shown_at_the_next_drawing(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "customers")
    assert "g000002" in app.caption[0].value
    publish_made_up(published, generation="g000003", customers=20)
    app.run()
    assert not app.exception
    assert "g000003" in app.caption[0].value


def test_a_mart_that_is_not_published_is_named_and_the_rest_is_shown(
    settings: Settings, run_page: RunPage
) -> None:
    publish_made_up(settings, customers=20, leave_out=("rfm_segments",))
    app = run_page(settings, "segments")
    assert {"rfm_segments" in info.value for info in app.info} == {True}
    assert app.segmented_control(key="grid_measure").options
