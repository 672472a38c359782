"""`onefold share …`, `psi …` and `aggregates …`: what leaves the house without showing anybody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from cdp_assets import dbt_manifest
from cdp_assets.commands.outcome import EXIT_DONE, outcome
from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.dbt_classes import classes_of
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings
from cdp_assets.sharing import aggregates, definition, intersection
from cdp_assets.sharing.release import release


def run_share(name: str, *, home: Path | None) -> int:
    """Release a shared table of the current generation, once; 0, or 1 with the reason."""

    def share(settings: Settings, out: Console) -> None:
        made = release(settings, definition.load(settings, name))
        said = (
            "stands already, its noise is not drawn again"
            if made.stood
            else f"{made.cells:,} cells told, {made.withheld:,} too small"
        )
        out.print(
            styled("shared", "green", f" {made.path}: {said}; card {made.card}"),
            highlight=False,
            soft_wrap=True,
        )
        if made.left_out:
            out.print(
                f"{made.left_out:,} people were left out: their budget with this partner is spent for the year",
                highlight=False,
            )

    return _do(home, share, locks=True)


def list_shares(*, home: Path | None) -> int:
    """Print the project's shares."""

    def show(settings: Settings, out: Console) -> None:
        for name in definition.listed(settings):
            share = definition.load(settings, name)
            out.print(
                f"{name}: to {share.partner}, epsilon {share.epsilon}, delta {share.delta}, k {share.k}",
                highlight=False,
            )

    return _do(home, show)


def psi_setup(partner: str, contact: str, *, members: bool, home: Path | None) -> int:
    """Write a request for a partner."""

    def setup(settings: Settings, out: Console) -> None:
        path, count = intersection.setup(settings, partner, contact, reveals=members)
        out.print(
            f"{count:,} contacts in {path}: send it to {partner}, who runs `onefold psi respond`",
            highlight=False,
            soft_wrap=True,
        )

    return _do(home, setup)


def psi_respond(partner: str, request: Path, *, members: bool, home: Path | None) -> int:
    """Answer a partner's request."""

    def respond(settings: Settings, out: Console) -> None:
        path, count = intersection.respond(settings, partner, request, reveals=members)
        out.print(
            f"compared with {count:,} contacts; send {path} to {partner}", highlight=False, soft_wrap=True
        )

    return _do(home, respond)


def psi_intersect(partner: str, answer: Path, *, home: Path | None) -> int:
    """Read a partner's answer."""

    def read(settings: Settings, out: Console) -> None:
        found = intersection.intersect(settings, partner, answer)
        told = (
            f"{found.count:,} contacts"
            if found.count is not None
            else f"fewer than {intersection.LEAST} contacts"
        )
        out.print(
            f"{told} are in both houses{f': {found.members}' if found.members else ''}",
            highlight=False,
            soft_wrap=True,
        )

    return _do(home, read)


def export_aggregates(folder: Path, *, least: int, home: Path | None) -> int:
    """Write the aggregates that may leave the home."""

    def write(settings: Settings, out: Console) -> None:
        found = aggregates.export(settings, folder, classes_of(dbt_manifest.read(settings), "marts"), k=least)
        out.print(
            f"{len(found)} aggregates, {sum(found.values()):,} cells of {least} people and more, in {folder}",
            highlight=False,
            soft_wrap=True,
        )

    return _do(home, write)


def join_aggregates(folders: list[Path], out_file: Path, *, least: int, home: Path | None) -> int:
    """Put the aggregates of several homes side by side."""

    def join(_: Settings, out: Console) -> None:
        found = aggregates.join(folders, out_file, k=least)
        out.print(
            f"{len(found)} aggregates of {len(folders)} homes, {sum(found.values()):,} cells, in {out_file}",
            highlight=False,
            soft_wrap=True,
        )

    return _do(home, join)


def _do(home: Path | None, work: Callable[[Settings, Console], None], *, locks: bool = False) -> int:
    settings, console = Settings.load(home=home), plain_console()

    def done() -> int:
        with lock.hold(settings.home) if locks else nullcontext():
            work(settings, console)
        return EXIT_DONE

    return outcome(console, done)
