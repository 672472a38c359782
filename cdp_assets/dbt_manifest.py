"""The parsed dbt project, made once for all homes: where a home belongs, it holds a placeholder.

`prepare` (set-up, `onefold init`, every command that runs something) parses when the project's files or the contracts changed, and completes the columns
(`cdp_assets.dbt_columns`); `read` only reads, for Dagster's import of the code location; `for_home` gives dbt what it runs on. Knows nothing of Dagster.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cdp_assets.dbt_columns import inherit
from cdp_assets.dbt_problems import explain_parse_error
from cdp_assets.dbt_vars import check_lists, check_values
from cdp_assets.errors import Problem
from cdp_assets.landing.contract import load_contracts
from cdp_assets.project.lay import write_file
from cdp_assets.project.merge import has_marks
from cdp_assets.settings import Settings

WAREHOUSE = "warehouse"  # the target of dbt_project/profiles.yml that is DuckDB; the other one is Spark
SPARK = "spark"
WITHOUT_TRACKING = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
HOME_PLACEHOLDER = "/ONEFOLD_HOME"  # stands where dbt reads env_var('ONEFOLD_HOME')
PACKED = "manifest.msgpack"  # beside dbt's own, which it parses on from and in which columns are as they are written
SOURCES = {".sql", ".yml", ".yaml", ".csv", ".md", ".py"}
NOT_SOURCES = {"target", "logs"}
QUIET = ("--log-level", "none", "--log-level-file", "none", "--quiet", "--no-print", "--no-use-colors")
_FILLED: dict[
    tuple[str, str, str], Any
] = {}  # (digest of the project's files, home, target) → dbt's manifest object


class ManifestProblem(Problem):
    """The dbt project was not parsed, was parsed before it changed, or cannot be parsed."""


def folder(settings: Settings, target: str = WAREHOUSE) -> Path:
    """Where the parsed project stands: apart from what a dbt run by hand writes into target/."""
    return settings.dbt_project_dir / "target" / ("onefold" if target == WAREHOUSE else f"onefold_{target}")


def prepare(settings: Settings, target: str = WAREHOUSE) -> Path:
    """Parse the project unless it was parsed from the very same files; returns the path of manifest.json.

    Raises ManifestProblem (or another Problem) that says what is wrong in the project's files, and where.
    """
    with _locked(settings, target):
        if not _is_fresh(settings, target):
            _stamp(settings, target).unlink(missing_ok=True)
            now = _digest(settings)
            _refuse_conflicts(settings)
            check_lists(settings.dbt_project_dir)
            check_values(settings.dbt_project_dir)
            _write(_parse(settings, target), settings, target)
            _stamp(settings, target).write_text(now)
    return folder(settings, target) / "manifest.json"


def read(settings: Settings) -> dict[str, Any]:
    """The prepared manifest. Parses nothing: raises ManifestProblem where it is missing or older than the project."""
    path = folder(settings) / "manifest.json"
    if not _is_fresh(settings):
        raise ManifestProblem(
            f"the dbt project {'changed since it was parsed' if path.exists() else 'was not parsed yet'}",
            str(settings.dbt_project_dir),
            "`onefold parse`, then load the code location again (`onefold run` parses by itself)",
        )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def for_home(settings: Settings, target: str = WAREHOUSE) -> Any:
    """dbt's own manifest object for this home, read once per process and version of the files."""
    prepare(settings, target)
    key = (digest(settings, target), str(settings.home), target)
    if key not in _FILLED:
        _FILLED[key] = _filled(settings, target)
    return _FILLED[key]


def digest(settings: Settings, target: str = WAREHOUSE) -> str:
    """Of the files that the prepared project was parsed from."""
    return _stamp(settings, target).read_text()


def write_for_home(settings: Settings) -> Path:
    """manifest.json of this home in its dbt target, for dbt's documentation, which reads it from there; returns its path."""
    prepared = prepare(settings).read_text(encoding="utf-8")
    path = settings.dbt_target_dir / "manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(prepared.replace(HOME_PLACEHOLDER, _quoted(settings.home)), encoding="utf-8")
    return path


def _quoted(home: Path) -> str:
    """The home's path as it stands within a JSON text."""
    return json.dumps(str(home))[1:-1]


def _filled(settings: Settings, target: str) -> Any:
    """The placeholder stands in the sources only: landed files are read from the home."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import SourceDefinition
    from dbt.parser.manifest import extended_mashumuro_decoder

    packed = (folder(settings, target) / PACKED).read_bytes()
    manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    home = _quoted(settings.home)
    for name, source in manifest.sources.items():
        text = json.dumps(source.to_dict(omit_none=False))
        manifest.sources[name] = SourceDefinition.from_dict(json.loads(text.replace(HOME_PLACEHOLDER, home)))
    manifest.build_flat_graph()
    return manifest


def _write(manifest: Any, settings: Settings, target: str) -> None:
    """Both forms of the parsed project, with all that its columns inherit."""
    from dbt.parser.manifest import extended_mashumaro_encoder

    inherit(manifest, load_contracts(*settings.contract_dirs))
    for name, content in (
        (PACKED, manifest.to_msgpack(extended_mashumaro_encoder)),
        ("manifest.json", json.dumps(manifest.writable_manifest().to_dict(omit_none=False)).encode()),
    ):
        write_file(folder(settings, target) / name, content)


def _parse(settings: Settings, target: str) -> Any:
    """dbt's manifest object of the project's files. Raises ManifestProblem."""
    from dbt.cli.main import dbtRunner

    project = str(settings.dbt_project_dir)
    command = ["parse", "--project-dir", project, "--profiles-dir", project]
    command += ["--target", target]
    command += [
        "--target-path",
        str(folder(settings, target)),
        "--log-path",
        str(folder(settings, target)),
        *QUIET,
    ]
    with environment(_environment_without_home(settings)):
        result = dbtRunner().invoke(command)
    if not result.success:
        raise ManifestProblem(*explain_parse_error(result.exception, settings.dbt_project_dir))
    return result.result


def _environment_without_home(settings: Settings) -> dict[str, str | None]:
    """What dbt's profile and sources read from the environment, the same on every machine."""
    return {
        "ONEFOLD_HOME": HOME_PLACEHOLDER,
        "ONEFOLD_REFERENCE": str(settings.reference_dir),
        "ONEFOLD_THREADS": None,
        "ONEFOLD_MEMORY_LIMIT": None,
        **WITHOUT_TRACKING,
    }


@contextmanager
def environment(chosen: dict[str, str | None]) -> Iterator[None]:
    """These variables for one dbt command (None: not set), and afterwards what stood before."""
    before = {name: os.environ.get(name) for name in chosen}
    _set(chosen)
    try:
        yield
    finally:
        _set(before)


def _set(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _locked(settings: Settings, target: str) -> Iterator[None]:
    """One process parses at a time; a project that cannot be written to must be fresh already."""
    try:
        folder(settings, target).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder(settings, target) / "parse.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if _is_fresh(settings, target):
            yield
            return
        raise ManifestProblem(
            f"the dbt project must be parsed, but its folder cannot be written to ({error.strerror})",
            str(folder(settings, target)),
            "`onefold parse` as a user who may write there",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _stamp(settings: Settings, target: str = WAREHOUSE) -> Path:
    return folder(settings, target) / "project.sha256"


def _is_fresh(settings: Settings, target: str = WAREHOUSE) -> bool:
    return _stamp(settings, target).exists() and digest(settings, target) == _digest(settings)


def _digest(settings: Settings) -> str:
    """Of the project's files and the contracts, where they stand (the manifest names the seeds' files) and dbt's version."""
    found = hashlib.sha256(f"{settings.project_dir}\0{version('dbt-core')}\0".encode())
    for place, path in _files(settings):
        found.update(f"{place}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _files(settings: Settings) -> Iterator[tuple[Path, Path]]:
    """(place below its folder, file) of what the project is parsed from."""
    for base in (settings.dbt_project_dir, settings.reference_dir, *settings.contract_dirs):
        for path in sorted(base.rglob("*")):
            place = path.relative_to(base)
            if path.suffix in SOURCES and not NOT_SOURCES & set(place.parts) and path.is_file():
                yield place, path


def _refuse_conflicts(settings: Settings) -> None:
    """dbt would load the marks of a conflict in a reference list as rows, and trip over those in a model without knowing them."""
    marked = [str(path) for _, path in _files(settings) if has_marks(path.read_text("utf-8", "replace"))]
    if marked:
        raise ManifestProblem(
            "two versions of the same lines stand between the marks of a conflict",
            ", ".join(marked),
            "choose between <<<<<<< and >>>>>>> in each; `onefold parse` looks again",
        )
