"""Customers page: search, and one customer whole. The parts of one customer are drawn by `customer_parts`."""

from __future__ import annotations

import streamlit as st

from cdp_assets.pages import customer_parts as parts
from cdp_assets.pages.formats import show_table
from cdp_assets.pages.frame import draw_tabs, empty, open_page
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import customers as queries
from cdp_assets.pages.reveal import log_reveal
from cdp_assets.pages.texts import t
from cdp_assets.settings import Settings

ASKED = "customer"  # ?customer=<id> in the page's address


def render() -> None:
    """Draw the page: a customer if the address names one, else the search."""
    shown, settings = open_page("customers")
    missing = shown.missing(["customers", "customer_crosswalk", "orders"])
    if missing:
        st.info(t("frame.missing_marts", generation=shown.generation, marts=", ".join(missing)))
        return
    customer_id = st.query_params.get(ASKED)
    if customer_id:
        _one(shown, settings, customer_id)
    else:
        _search(shown, settings)


def open_customer(customer_id: str) -> None:
    """Go to one customer from any page."""
    st.switch_page(
        st.Page(render, title=t("customers.title"), url_path="customers"), query_params={ASKED: customer_id}
    )


def _search(shown: Published, settings: Settings) -> None:
    is_clear = shown.contact_path is not None
    text = st.text_input(
        t("customers.search_revealed" if is_clear else "customers.search"),
        placeholder=t("customers.placeholder_revealed" if is_clear else "customers.placeholder"),
        key="customer_search",
    ).strip()
    if not text:
        st.markdown(f"**{t('customers.largest')}**")
        found = queries.largest(shown)
    else:
        found = queries.find_by_id(shown, text)
        if found.empty and is_clear:
            found = queries.find_by_contact(shown, text)
            if st.session_state.get("last_logged_search") != text:
                log_reveal(settings, "search", generation=shown.generation, customers_found=len(found))
                st.session_state["last_logged_search"] = text
    if found.empty:
        empty("customers.nobody")
        return
    if len(found) == queries.FOUND_LIMIT:
        st.caption(t("customers.cut", limit=queries.FOUND_LIMIT))
    chosen = show_table(found, shown, "customers", key="customers_found", selectable=True)
    st.caption(t("customers.pick"))
    if chosen:
        open_customer(str(found["customer_id"].iloc[chosen[0]]))


def _one(shown: Published, settings: Settings, customer_id: str) -> None:
    if st.button(t("customers.back"), icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    found = queries.one(shown, customer_id)
    if found.empty:
        successor = queries.successor_of(shown, customer_id)
        st.warning(
            t(
                "customers.moved" if successor else "customers.unknown",
                customer_id=customer_id,
                successor=successor,
            )
        )
        if successor and st.button(t("customers.open_successor")):
            open_customer(successor)
        return
    contact = None
    if shown.contact_path is not None:
        contact = queries.one_contact(shown, customer_id)
        if st.session_state.get("last_logged_customer") != customer_id:
            log_reveal(settings, "view", generation=shown.generation, customer_id=customer_id)
            st.session_state["last_logged_customer"] = customer_id
    customer = parts.Customer(shown, customer_id, found.iloc[0], settings.reporting_currency, contact)
    parts.draw_header(customer)
    draw_tabs(
        "customer",
        {
            "profile": lambda: parts.draw_profile(customer),
            "records": lambda: parts.draw_records(customer),
            "timeline": lambda: parts.draw_timeline(customer),
            "value": lambda: parts.draw_value(customer),
        },
    )
