"""mkdocs' hook: the reference pages are made from the code when the site is built, and every decision is in the navigation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from checks.reference import pages


def on_config(config: Any) -> Any:
    """Decisions stand at the end of the navigation, by number."""
    records = sorted((Path(config.docs_dir) / "decisions").glob("[0-9]*.md"))
    config.nav.append({"Decisions": ["decisions/index.md", *(f"decisions/{path.name}" for path in records)]})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files
