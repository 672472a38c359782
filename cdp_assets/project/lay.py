"""`onefold init`: lay a project, and remember what was laid, so that an upgrade can tell the user's edits from ours."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from cdp_assets.project.place import MARK, MARK_TEXT, ProjectProblem, installed_version
from cdp_assets.project.template import template_files

LAID = ".onefold/laid.zip"  # every file as it was laid, for the three-way comparison of `onefold upgrade`
MAY_LIE_THERE = {".git", ".gitignore", ".gitattributes", "LICENSE", ".venv", ".python-version"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


def lay_project(folder: Path) -> list[str]:
    """Write a new project into an empty (or new) folder; returns the paths of its files. Raises ProjectProblem."""
    if folder.exists() and not folder.is_dir():
        raise ProjectProblem("that is a file, not a folder", str(folder), "name a new folder")
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if (folder / MARK).exists():
        raise ProjectProblem(
            "there is a project already", str(folder), "`onefold upgrade` there brings in what changed"
        )
    if found - MAY_LIE_THERE:
        raise ProjectProblem("the folder is not empty", str(folder), "name a new or an empty folder")
    files = template_files()
    for name, content in files.items():
        if not (folder / name).exists():
            write_file(folder / name, content)
    stamp(folder, files)
    return [*files, MARK]


def stamp(folder: Path, files: dict[str, bytes]) -> None:
    """Record that the project now follows this version, whose files are these."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    write_file(folder / LAID, packed.getvalue())
    write_file(folder / MARK, MARK_TEXT.format(version=installed_version()).encode())


def laid_files(folder: Path) -> dict[str, bytes]:
    """Path → content of every file as it was laid. Raises ProjectProblem where that is not known any more."""
    try:
        with zipfile.ZipFile(folder / LAID) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise ProjectProblem(
            "what was laid is not known any more, so your edits cannot be told from ours",
            str(folder / LAID),
            "restore it from git; it belongs into the repository",
        ) from error


def write_file(path: Path, content: bytes) -> None:
    """Write whole or not at all: a run may read the project at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    half.write_bytes(content)
    if path.exists():
        half.chmod(path.stat().st_mode & 0o777)
    half.replace(path)
