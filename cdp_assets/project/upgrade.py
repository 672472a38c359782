"""`onefold upgrade`: bring what changed between two versions into a project, and keep what its owner changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.project import lay
from cdp_assets.project.merge import has_marks, merge
from cdp_assets.project.place import ProjectProblem, installed_version, laid_version
from cdp_assets.project.template import template_files


@dataclass
class Upgrade:
    """What an upgrade does, by path. `conflicts` hold marks that the owner has to resolve."""

    from_version: str
    to_version: str
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # not shipped any more, but edited: stays
    left_out: list[str] = field(default_factory=list)  # changed by us, but deleted by the owner: stays away
    writes: dict[str, bytes | None] = field(default_factory=dict)  # path → new content, None: to be deleted

    @property
    def changes_nothing(self) -> bool:
        return not self.writes and not self.conflicts


def unresolved(project: Path) -> list[str]:
    """Files of the project that still hold the marks of a conflict."""
    return [
        name
        for name in lay.laid_files(project)
        if (project / name).is_file()
        and has_marks((project / name).read_bytes().decode("utf-8", errors="replace"))
    ]


def plan_upgrade(project: Path, files: dict[str, bytes] | None = None) -> Upgrade:
    """What an upgrade to the installed version would do; changes nothing. Raises ProjectProblem."""
    laid = laid_version(project)
    if laid is None:
        raise ProjectProblem("a clone of Onefold is not upgraded this way", str(project), "`git pull` in it")
    if marked := unresolved(project):
        raise ProjectProblem(
            "the last upgrade is not finished: conflicts are still marked",
            ", ".join(marked),
            "resolve what stands between <<<<<<< and >>>>>>>, then `onefold upgrade` again",
        )
    upgrade = Upgrade(laid, installed_version())
    before, after = lay.laid_files(project), files or template_files()
    for name in sorted({*before, *after}):
        path = project / name
        _plan_file(
            upgrade, name, before.get(name), path.read_bytes() if path.is_file() else None, after.get(name)
        )
    return upgrade


def apply_upgrade(project: Path, upgrade: Upgrade, files: dict[str, bytes] | None = None) -> None:
    """Write what was planned, then the new version: a kill between the two leaves an upgrade that can be run again."""
    for name, content in upgrade.writes.items():
        if content is None:
            (project / name).unlink(missing_ok=True)
        else:
            lay.write_file(project / name, content)
    lay.stamp(project, files or template_files())


def _plan_file(
    upgrade: Upgrade, name: str, base: bytes | None, yours: bytes | None, theirs: bytes | None
) -> None:
    """Three ways: what was laid (base), what stands there (yours), what this version lays (theirs)."""
    if theirs in (base, yours):
        return  # we changed nothing, or you have it already
    if theirs is None:
        _plan_removal(upgrade, name, is_edited=yours != base, is_there=yours is not None)
    elif yours is None:
        _plan_missing(upgrade, name, is_new=base is None, content=theirs)
    elif yours == base:
        upgrade.replaced.append(name)
        upgrade.writes[name] = theirs
    else:
        _plan_merge(upgrade, name, base or b"", yours, theirs)


def _plan_removal(upgrade: Upgrade, name: str, *, is_edited: bool, is_there: bool) -> None:
    if not is_there:
        return
    if is_edited:
        upgrade.kept.append(name)
    else:
        upgrade.removed.append(name)
        upgrade.writes[name] = None


def _plan_missing(upgrade: Upgrade, name: str, *, is_new: bool, content: bytes) -> None:
    if is_new:
        upgrade.added.append(name)
        upgrade.writes[name] = content
    else:
        upgrade.left_out.append(name)


def _plan_merge(upgrade: Upgrade, name: str, base: bytes, yours: bytes, theirs: bytes) -> None:
    merged = merge(
        *(each.decode("utf-8", errors="surrogateescape") for each in (base, yours, theirs)),
        your_name="yours",
        their_name=f"Onefold {upgrade.to_version}",
    )
    (upgrade.conflicts if merged.conflicts else upgrade.merged).append(name)
    upgrade.writes[name] = merged.text.encode("utf-8", errors="surrogateescape")
