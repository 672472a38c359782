"""The wheel holds everything: installed into a new environment, it lays a project and runs a demo of 60 persons from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from cdp_assets.project.template import template_files
from cdp_assets.settings import PROJECT_DIR

BUILT_FROM = (
    "cdp_assets",
    "dbt_project",
    "data/reference",
    "workspace.yaml",
    "wheel_build.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "target", "logs", "*.pyc")


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ONEFOLD_", "DAGSTER_", "PYTHON"))
    }
    return subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**kept, "DO_NOT_TRACK": "1", **environment}, capture_output=True, text=True, check=False
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves folders behind."""
    source = tmp_path_factory.mktemp("source")
    for name in BUILT_FROM:
        here, there = PROJECT_DIR / name, source / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=LEFT_OUT)
        else:
            shutil.copyfile(here, there)
    built = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        source / "dist",
        source,
        cwd=source,
    )
    assert built.returncode == 0, built.stderr
    (found,) = (source / "dist").glob("onefold-*.whl")
    return found


@pytest.mark.integration
def test_the_wheel_holds_what_a_project_is_laid_from(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    laid = {name for name in template_files() if name.startswith(("dbt_project/", "data/reference/"))}
    assert laid
    assert {f"cdp_assets/template/{name}" for name in laid} <= names
    assert {"cdp_assets/channels/shopify.yaml", "cdp_assets/project/laid/dot-gitignore"} <= names
    assert not [
        name
        for name in names
        if name.startswith(("tests/", "benches/", "dbt_project/")) or "/target/" in name
    ]


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and what it asks for, from the package index of this machine."""
    folder = tmp_path_factory.mktemp("environment")
    made = run(sys.executable, "-m", "venv", folder, cwd=folder)
    assert made.returncode == 0, made.stderr
    installed = run(
        folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel, cwd=folder
    )
    if installed.returncode and "No matching distribution found" in installed.stderr:
        pytest.skip(
            "skipped: no package index answers here, so the wheel cannot be installed with what it asks for"
        )
    assert installed.returncode == 0, installed.stderr
    return folder


@pytest.fixture(scope="module")
def shop(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that the installed wheel laid."""
    folder = tmp_path_factory.mktemp("projects")
    laid = run(environment / "bin/onefold", "init", "shop", cwd=folder)
    assert laid.returncode == 0, laid.stdout + laid.stderr
    return folder / "shop"


@pytest.mark.slow
def test_the_installed_wheel_lays_a_project_that_parses_and_is_up_to_date(
    environment: Path, shop: Path
) -> None:
    onefold = environment / "bin/onefold"
    nowhere = run(onefold, "status", cwd=shop.parent)
    assert nowhere.returncode == 1
    assert "`onefold init DIR` lays one" in nowhere.stderr

    parsed = run(onefold, "parse", cwd=shop)
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    assert run(onefold, "upgrade", "--check", cwd=shop).returncode == 0


@pytest.mark.slow
def test_a_demo_of_60_persons_runs_from_the_installed_wheel(environment: Path, shop: Path) -> None:
    demo = run(environment / "bin/onefold", "demo", "--customers", "60", cwd=shop, ONEFOLD_THREADS="1")
    assert demo.returncode == 0, demo.stdout + demo.stderr

    published = shop / "data/demo/home/published/current.duckdb"
    with duckdb.connect(str(published.resolve()), read_only=True) as con:
        (customers,) = con.execute("select count(*) from marts.customers").fetchone() or (0,)
    assert customers > 60
    assert not [path for path in environment.rglob("*.duckdb") if "site-packages" in path.parts]
