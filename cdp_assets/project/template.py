"""The files that a new project gets: those of the installed package, or of the clone that the package stands in.

In a wheel they lie in `cdp_assets/template/`, put there when it is built (wheel_build.py).
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from cdp_assets.project.place import PACKAGE_DIR, ProjectProblem

TEMPLATE_PARTS = ("dbt_project", "data/reference", "workspace.yaml")
NOT_TEMPLATE = {"target", "logs", "__pycache__", ".user.yml"}
LAID_ONLY = Path(__file__).parent / "laid"  # files of a laid project that a clone has in another form
HIDDEN = "dot-"  # a file that begins so is laid with a dot: packagers leave real dot files out


def template_root() -> Path:
    """The folder that holds `dbt_project`, `data/reference` and `workspace.yaml` of this version."""
    for root in (PACKAGE_DIR / "template", PACKAGE_DIR.parent):
        if (root / "dbt_project" / "dbt_project.yml").exists():
            return root
    raise ProjectProblem(
        "this installation lacks the files of a new project", str(PACKAGE_DIR), "install the wheel anew"
    )


def template_files(root: Path | None = None) -> dict[str, bytes]:
    """Path within the project → content, of every file that `onefold init` lays."""
    root = root or template_root()
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for part in TEMPLATE_PARTS
        for path in _files(root / part)
        if not NOT_TEMPLATE & set(path.relative_to(root).parts)
    }
    for path in _files(LAID_ONLY):
        place = PurePosixPath(path.relative_to(LAID_ONLY).as_posix())
        name = place.name.replace(HIDDEN, ".", 1) if place.name.startswith(HIDDEN) else place.name
        files[place.with_name(name).as_posix()] = path.read_bytes()
    return dict(sorted(files.items()))


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
