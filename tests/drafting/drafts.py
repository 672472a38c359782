"""Draft a channel from one file, land that file, and read what was drafted."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.drafting.draft import ChannelDraft, draft_channel
from cdp_assets.landing import load_contracts
from cdp_assets.settings import Settings
from tests.landing.builders import deliver, land, quarantined, unhurried

Rooms = tuple[Path, Path]


def drafted(
    settings: Settings, rooms: Rooms, folder: Path, file_name: str, content: str | bytes
) -> ChannelDraft:
    """Draft the channel `new` from one file and land that file."""
    sample = folder / file_name
    sample.write_bytes(content if isinstance(content, bytes) else content.encode())
    draft = draft_channel(
        settings, "new", [sample], export="rows", channels_dir=rooms[0], dbt_project_dir=rooms[1]
    )
    deliver(settings, f"new/{file_name}", sample.read_bytes())
    report = land(settings, unhurried(load_contracts(rooms[0])))
    assert report.held == []
    assert quarantined(settings, "new", "rows") == []
    return draft


def model(rooms: Rooms, shape: str) -> str:
    return (rooms[1] / "models" / "staging" / "new" / f"stg_new__{shape}.sql").read_text()


def said(draft: ChannelDraft, *words: str) -> bool:
    return any(all(word in note for word in words) for note in draft.undecided)
