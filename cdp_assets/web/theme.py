"""Colours of the site's charts and marks (style.css holds the same for its own); no chart is built here."""

from __future__ import annotations

INK, MUTED, LINE, PAPER, SHADE = "#1d2733", "#5d6b7a", "#dde3ea", "#ffffff", "#f5f7f9"
ACCENT = "#1f6f8b"

# Told apart in print and by colour-blind readers (after Okabe and Ito), dimmed a little for large areas.
CATEGORIES = (
    "#1f6f8b", "#d98e32", "#5b9e6f", "#b4516b", "#7c6fb0", "#a3a13a", "#4fa3c7", "#8c6d4f", "#7f8b97", "#c9748f",
)  # fmt: skip
SEQUENCE = ("#eef4f7", "#d3e5ec", "#aacfdc", "#79b3c8", "#4a93ae", "#1f6f8b", "#134d62")
STATUS = {"green": "#2f8f5b", "yellow": "#c98a12", "red": "#c0392b", "unknown": "#8a97a5"}

# Two circles that overlap: many channels, one customer.
_MARK = (
    f'<circle cx="10" cy="12" r="7" fill="{ACCENT}" fill-opacity="0.85"/>'
    f'<circle cx="17" cy="12" r="7" fill="{CATEGORIES[1]}" fill-opacity="0.75"/>'
)
ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 27 24">{_MARK}</svg>'
LOGO = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 112 24" height="24">{_MARK}'
    f'<text x="32" y="18" font-family="sans-serif" font-size="18" font-weight="600" fill="{INK}">Onefold</text></svg>'
)
