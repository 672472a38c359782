"""A made-up published home for the pages' tests, and a way to run one page without a browser."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from cdp_assets.pages.reveal import ENVIRONMENT
from cdp_assets.pages.texts import t
from cdp_assets.settings import Settings
from tests.web.published_file import publish_made_up

RunPage = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def no_components() -> Iterator[None]:
    """Streamlit looks through the metadata of all installed packages at each run of AppTest, for components that nobody uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_, **__: [])
        yield


@pytest.fixture(scope="session")
def published_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two generations, made once per test process; tests work on copies or read only."""
    home = tmp_path_factory.mktemp("published")
    settings = Settings(home=home, key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings, generation="g000001", customers=50)
    publish_made_up(settings, generation="g000002", customers=60)
    return home


@pytest.fixture
def published(published_template: Path, tmp_path: Path) -> Settings:
    """Settings of a home of its own with the made-up generations."""
    home = tmp_path / "home"
    shutil.copytree(published_template, home, symlinks=True)
    return Settings(home=home, key="test-key-of-at-least-thirty-two-bytes")


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch) -> RunPage:
    """run_page(settings, "customers", tab=None, reveal=False, **query) runs a page and fails if it raised anything."""

    def run(
        settings: Settings, page: str, *, tab: str | None = None, reveal: bool = False, **query: str
    ) -> AppTest:
        monkeypatch.setenv("ONEFOLD_HOME", str(settings.home))
        monkeypatch.setenv(ENVIRONMENT, "1" if reveal else "0")
        # AppTest leaves its script behind as __main__, which multiprocessing would run again in later tests' children.
        monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        st.cache_data.clear()
        app = AppTest.from_function(_script, args=(page,), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        if tab:
            app.session_state[f"{'customer' if query else page}_tab"] = t(
                f"{'customer' if query else page}.{tab}.tab"
            )
        app.run()
        assert not app.exception, [each.message for each in app.exception]
        return app

    return run


def _script(page: str) -> None:
    import importlib

    importlib.import_module(f"cdp_assets.pages.{page}").render()
