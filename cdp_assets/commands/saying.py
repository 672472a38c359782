"""How commands print: what stands in a file's name, a path or a library's text is shown as it is, never read as markup.

Commands make their consoles here, and style a word with `styled`; a test keeps markup out of their strings.
"""

from __future__ import annotations

import os
from typing import Any

from rich.console import Console
from rich.text import Text

LOGGED_WIDTH = 160


def plain_console(**options: Any) -> Console:
    """A console that reads no markup and no emoji codes in what it prints.

    Where nobody sees it on a terminal (a log, a pipe) tables get room: a name that is cut is no name.
    """
    console = Console(markup=False, emoji=False, **options)
    if not (console.is_terminal or "width" in options or "COLUMNS" in os.environ):
        console.width = LOGGED_WIDTH
    return console


def styled(word: object, style: str, rest: str = "") -> Text:
    """A word in a style, and the rest of the line as it is."""
    return Text.assemble((str(word), style), rest)
