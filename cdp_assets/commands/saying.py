"""How commands print: what stands in a file's name, a path or a library's text is shown as it is, never read as markup.

Commands make their consoles here, and style a word with `styled`; a test keeps markup out of their strings.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text


def plain_console(**options: Any) -> Console:
    """A console that reads no markup and no emoji codes in what it prints."""
    return Console(markup=False, emoji=False, **options)


def styled(word: object, style: str, rest: str = "") -> Text:
    """A word in a style, and the rest of the line as it is."""
    return Text.assemble((str(word), style), rest)
