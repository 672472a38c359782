"""Colours of the site's charts (style.css holds the same for its own); no chart is built here."""

from __future__ import annotations

INK, MUTED, LINE, PAPER, SHADE = "#1d2733", "#5d6b7a", "#dde3ea", "#ffffff", "#f5f7f9"
ACCENT = "#1f6f8b"

# Told apart in print and by colour-blind readers (after Okabe and Ito), dimmed a little for large areas.
CATEGORIES = (
    "#1f6f8b", "#d98e32", "#5b9e6f", "#b4516b", "#7c6fb0", "#a3a13a", "#4fa3c7", "#8c6d4f", "#7f8b97", "#c9748f",
)  # fmt: skip
SEQUENCE = ("#eef4f7", "#d3e5ec", "#aacfdc", "#79b3c8", "#4a93ae", "#1f6f8b", "#134d62")
