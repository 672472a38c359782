"""Generations: folders that readers open, and the one link that says which is current.

`published/<generation>/` holds marts.duckdb (masked), contact.duckdb (in clear, owner-only) and parquet/. It is
written under a temporary name and renamed when it is whole; then the link `published/current` flips.
`current.duckdb` and `current.contact.duckdb` are fixed links through it, so that both change in the same instant.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.private_files import sync
from cdp_assets.publishing.copies import (
    CONTACT_FILE,
    MARTS_FILE,
    NO_MASKS,
    Masks,
    PublishedTable,
    PublishProblem,
    Reached,
    write_copies,
)
from cdp_assets.settings import Settings


@dataclass(frozen=True)
class Generation:
    """A generation that was written and checked, not yet current."""

    name: str
    folder: Path
    tables: tuple[PublishedTable, ...]


@dataclass(frozen=True)
class PublishedFiles:
    """The files of one generation, found in one look at the link: they always belong together."""

    generation: str
    marts: Path
    contact: Path


def next_generation_name(settings: Settings, known: list[str]) -> str:
    """g000001, g000002, …: one more than any in state or on disk."""
    on_disk = [path.name for path in settings.published_dir.glob("g[0-9]*")]
    numbers = [int(found.group(1)) for name in [*known, *on_disk] if (found := re.match(r"g(\d+)", name))]
    return f"g{max(numbers, default=0) + 1:06d}"


def write_generation(
    settings: Settings, name: str, reached: Reached = lambda _: None, masks: Masks = NO_MASKS
) -> Generation:
    """Copy the schemas `marts` and `contact` of the warehouse into new, checked, read-only files."""
    folder_mode = 0o750 if settings.group_readable else 0o700
    settings.published_dir.mkdir(parents=True, exist_ok=True)
    settings.published_dir.chmod(folder_mode)
    if settings.group_readable:
        settings.home.chmod(0o710)  # the group may pass through the home, not look around in it
    remove_leftovers(settings)
    temporary = settings.published_dir / f".writing-{name}"
    temporary.mkdir()
    tables = write_copies(settings, temporary, reached, masks)
    temporary.chmod(folder_mode)
    sync(temporary)
    folder = settings.published_dir / name
    temporary.rename(folder)
    sync(settings.published_dir)
    reached("publish/generation written")
    return Generation(name, folder, tables)


def remove_leftovers(settings: Settings) -> None:
    """Remove what a run left that died while it wrote a generation."""
    for leftover in settings.published_dir.glob(".writing-*"):
        shutil.rmtree(leftover)


def flip(settings: Settings, name: str) -> None:
    """Make a written generation the current one, in one atomic rename of a link."""
    published = settings.published_dir
    if not (published / name).is_dir():
        raise PublishProblem(
            f"generation {name} is not in {published}: run `onefold run` to publish a new one"
        )
    _replace_link(published / "current", Path(name))
    _ensure_link(published / "current.duckdb", Path("current") / MARTS_FILE)
    _ensure_link(published / "current.contact.duckdb", Path("current") / CONTACT_FILE)
    sync(published)


def current_generation(settings: Settings) -> str | None:
    """Name of the generation that readers see now, or None before the first."""
    link = settings.published_dir / "current"
    return link.readlink().name if link.is_symlink() else None


def are_links_whole(settings: Settings) -> bool:
    """Whether the fixed names that people open lead through the link `current`."""
    published = settings.published_dir
    wanted = {"current.duckdb": MARTS_FILE, "current.contact.duckdb": CONTACT_FILE}
    return all(
        (published / name).is_symlink() and (published / name).readlink() == Path("current") / file
        for name, file in wanted.items()
    )


def current_files(settings: Settings) -> PublishedFiles | None:
    """The current generation's files, by their own paths; None before the first generation.

    Who opens two files, or one file twice, takes them from one answer of this function, never from the link again.
    """
    name = current_generation(settings)
    if name is None:
        return None
    folder = settings.published_dir / name
    return PublishedFiles(name, folder / MARTS_FILE, folder / CONTACT_FILE)


def remove_generation(settings: Settings, name: str) -> None:
    """Delete a generation's files; a reader that has them open keeps them until it closes."""
    if name == current_generation(settings):
        raise PublishProblem(f"{name} is the current generation and stays")
    folder = settings.published_dir / name
    if folder.is_dir():
        shutil.rmtree(folder)


def _replace_link(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _ensure_link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        _replace_link(link, target)
