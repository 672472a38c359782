"""The pages' front door, run by Streamlit: lists the pages and draws what surrounds them."""

from __future__ import annotations

import streamlit as st

from cdp_assets.pages.frame import draw_sidebar
from cdp_assets.pages.navigation import all_pages
from cdp_assets.pages.texts import t
from cdp_assets.pages.theme import ICON, LOGO
from cdp_assets.settings import Settings

st.set_page_config(
    page_title=t("frame.product"),
    page_icon=ICON,
    layout="wide",
    initial_sidebar_state="expanded",
)
st.logo(LOGO, size="large")
page = st.navigation(all_pages())
draw_sidebar(Settings.load())
page.run()
