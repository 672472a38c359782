"""`onefold audit`: check the log of who did what, and list its latest entries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cdp_assets import audit
from cdp_assets.commands.saying import plain_console
from cdp_assets.settings import Settings


def verify_log(*, home: Path | None) -> int:
    """Check every line, every entry, and the heads that the runs recorded; 0 where it holds, 1 with what does not."""
    settings = Settings.load(home=home)
    console = plain_console()
    heads = list(recorded_heads(settings))
    verdict = audit.verify(settings, heads)
    console.print(
        f"{verdict.lines:,} lines, {verdict.kept:,} entries kept, {verdict.forgotten:,} forgotten by erasures, "
        f"{len(heads):,} heads recorded by runs",
        highlight=False,
    )
    for problem in verdict.problems[:20]:
        console.print(problem, highlight=False)
    console.print("the log holds" if not verdict.problems else "the log does not hold", highlight=False)
    return 1 if verdict.problems else 0


def recorded_heads(settings: Settings) -> Iterator[tuple[int, str]]:
    """Number and hash that the manifests of runs recorded of the log's last line."""
    for path in sorted(settings.runs_dir.glob("*/run.json")):
        found = json.loads(path.read_text(encoding="utf-8")).get("audit_head")
        if isinstance(found, list) and len(found) == 2 and found[0]:
            yield int(found[0]), str(found[1])


def list_entries(*, home: Path | None, limit: int) -> int:
    """Print the latest entries, newest first."""
    console = plain_console()
    for entry in audit.read(Settings.load(home=home), limit=limit):
        facts = " ".join(f"{name}={value}" for name, value in entry.facts.items())
        console.print(
            f"{entry.number} {entry.at} {entry.actor} {entry.action} {' '.join(entry.subjects)} {facts}",
            markup=False,
            highlight=False,
        )
    return 0
