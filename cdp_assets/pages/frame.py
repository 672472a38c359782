"""What every page has around its content: generation and freshness, section headings, plain words for what is missing.

No figures of a single page belong here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, TypeAlias

import streamlit as st

from cdp_assets.pages.formats import day, moment
from cdp_assets.pages.published import Published, current_published
from cdp_assets.pages.reveal import is_revealed
from cdp_assets.pages.texts import t
from cdp_assets.settings import Settings

LOOK_EVERY_SECONDS = 20
P = ParamSpec("P")
Draw: TypeAlias = Callable[Concatenate[Published, P], None]


def open_page(page: str) -> tuple[Published, Settings]:
    """Draw the page's title and say which generation it shows; stops the page where nothing is published yet."""
    settings = Settings.load()
    st.title(t(f"{page}.title"), anchor=False)
    shown = current_published(settings, reveal=is_revealed())
    if shown is None:
        st.info(t("frame.nothing_published", folder=settings.published_dir))
        st.stop()
    st.caption(f"{t(f'{page}.about')}  \n{generation_line(shown, settings.reporting_currency)}")
    return shown, settings


def generation_line(shown: Published, currency: str) -> str:
    """Which generation is shown, how fresh it is, and what money is counted in."""
    return t(
        "frame.generation",
        generation=shown.generation,
        as_of_date=day(shown.as_of_date()),
        published_at=moment(shown.published_at),
        currency=currency,
    )


def section(key: str, *needs: str) -> Callable[[Draw[P]], Draw[P]]:
    """A part of a page with its heading; where a mart it needs is not published, it says so instead of being drawn."""

    def decorate(draw: Draw[P]) -> Draw[P]:
        def drawn(shown: Published, /, *args: P.args, **kwargs: P.kwargs) -> None:
            st.subheader(t(f"{key}.title"), anchor=False, help=t(f"{key}.help"))
            missing = shown.missing(needs)
            if missing:
                st.info(t("frame.missing_marts", generation=shown.generation, marts=", ".join(missing)))
                return
            draw(shown, *args, **kwargs)

        return drawn

    return decorate


def draw_tabs(page: str, parts: Mapping[str, Callable[[], None]]) -> None:
    """The page's parts as tabs; only the open one is computed. Its name is in session state under `<page>_tab`."""
    labels = [t(f"{page}.{name}.tab") for name in parts]
    tabs = st.tabs(labels, key=f"{page}_tab", on_change="rerun")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def empty(key: str, **values: object) -> None:
    """An empty state: what would stand here, and when."""
    st.markdown(f":gray[{t(key, **values)}]")


def draw_sidebar(settings: Settings) -> None:
    """The sidebar's foot: generation and freshness on every page, and the look-out for a new generation."""
    shown = current_published(settings, reveal=is_revealed())
    with st.sidebar:
        if shown is None:
            st.caption(t("frame.nothing_published_short"))
        else:
            st.caption(t("frame.sidebar", generation=shown.generation, as_of_date=day(shown.as_of_date())))
            st.caption(t("frame.sidebar_published", published_at=moment(shown.published_at)))
        if is_revealed():
            st.warning(t("frame.revealed"), icon=":material/visibility:")
        _look_out(shown.generation if shown else None)


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def _look_out(generation: str | None) -> None:
    """Draw the pages anew when the link has flipped since they were drawn."""
    link = Settings.load().published_dir / "current"
    now = os.path.basename(os.path.realpath(link)) if link.is_symlink() else None  # noqa: PTH119 (one call)
    if now != generation:
        st.rerun()
