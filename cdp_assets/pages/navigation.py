"""The list of pages in the order of the sidebar, and how one page opens a customer in another."""

from __future__ import annotations

import streamlit as st

from cdp_assets.pages import attribution, customers, data, identity, overview, segments
from cdp_assets.pages.texts import t

PAGES = {
    "overview": (overview.render, ":material/monitoring:"),
    "customers": (customers.render, ":material/person_search:"),
    "segments": (segments.render, ":material/grid_on:"),
    "attribution": (attribution.render, ":material/route:"),
    "identity": (identity.render, ":material/join_inner:"),
    "data": (data.render, ":material/database:"),
}


def all_pages() -> list[st.Page]:
    """One entry per page; its address is its name."""
    return [
        st.Page(render, title=t(f"{name}.title"), icon=icon, url_path=name, default=name == "overview")
        for name, (render, icon) in PAGES.items()
    ]
