"""The checks of `make check` beside the linters: licences and known vulnerabilities of the lock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdp_assets import safe_yaml
from cdp_assets.settings import PROJECT_DIR
from checks.licences import is_allowed, locked_names, problems_of, runtime_closure
from checks.sql import all_files
from checks.vulnerabilities import report

RULES = {"allowed": ["MIT", "Apache-2.0"], "development_only": ["ruff"], "spelled": {}, "stated": {}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-2.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND (GPL-2.0-only OR Apache-2.0)", True),
        ("MIT AND (GPL-2.0-only AND Apache-2.0)", False),
        ("", False),
    ],
)
def test_an_expression_is_allowed_where_it_leaves_an_allowed_choice(expression: str, expected: bool) -> None:
    assert is_allowed(expression, {"MIT", "Apache-2.0"}) is expected


def test_a_licence_that_is_not_on_the_list_is_named() -> None:
    rules = {**RULES, "stated": {"typer": "AGPL-3.0-only"}}
    assert problems_of(["typer", "ruff", "not-installed-here"], set(), rules) == (
        ["typer: AGPL-3.0-only is not on the list of allowed licences"],
        1,
    )


def test_a_tool_for_development_may_not_become_part_of_the_product() -> None:
    (problem,), _ = problems_of(["ruff"], {"ruff"}, RULES)
    assert problem.startswith("ruff: MIT is allowed for development only")


def test_the_product_needs_what_its_parts_need_and_no_linter() -> None:
    needed = runtime_closure("onefold")
    assert {"dbt-core", "jinja2", "sqlglot"} <= needed
    assert not {"yamllint", "codespell", "igraph", "python-igraph", "pytest"} & needed


def test_every_name_of_the_lock_is_read() -> None:
    assert locked_names("a-b==1 \\\n    --hash=sha256:x\nC_d[x]==2 ; python_version < '3.12' \\\n") == [
        "a-b",
        "c-d",
    ]


def test_a_known_vulnerability_is_named_and_no_answer_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    known = '{"id": "PYSEC-1", "fix_versions": ["2"]}'
    assert report('{"dependencies": [{"name": "a", "version": "1", "vulns": [' + known + "]}]}") == 1
    assert report('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}') == 0
    assert report("") == 0
    assert capsys.readouterr().out.splitlines() == [
        "a 1: PYSEC-1, mended in 2",
        "skipped: pip-audit got no answer: no network, and its cache does not have everything",
    ]


def test_distributions_that_the_service_does_not_know_are_no_clean_bill(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A service that knows nothing finds nothing: that is said."""
    unknown = {"name": "agate", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    assert (
        report(json.dumps({"dependencies": [unknown, {"name": "httpx", "version": "1", "vulns": []}]})) == 0
    )
    assert capsys.readouterr().out.startswith(
        "skipped: the service that was asked does not know 1 of 2 distributions, agate the first"
    )


def test_mutants_are_made_of_files_that_are_there_and_reasons_are_of_what_stands_in_them() -> None:
    listed = yaml.safe_load((PROJECT_DIR / "checks" / "mutants.yaml").read_text(encoding="utf-8"))
    names = {*listed, *(test for tests in listed.values() for test in tests)}
    assert {name for name in names if not (PROJECT_DIR / name).is_file()} == set()
    reasons = yaml.safe_load((PROJECT_DIR / "checks" / "survivors.yaml").read_text(encoding="utf-8"))
    assert set(reasons) <= set(listed)
    gone = [
        (module, part)
        for module, parts in reasons.items()
        for part in parts
        if part not in (PROJECT_DIR / module).read_text(encoding="utf-8")
    ]
    assert gone == []


def hook_of(name: str) -> dict[str, Any]:
    hooks = [
        hook
        for repo in safe_yaml.read(PROJECT_DIR / ".pre-commit-config.yaml")["repos"]
        for hook in repo["hooks"]
        if hook["id"] == name
    ]
    assert len(hooks) == 1
    return dict(hooks[0])


def test_the_hook_lints_the_sql_that_make_check_lints() -> None:
    known = subprocess.run(
        ["git", "ls-files", "*.sql"], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    )
    pattern = hook_of("sqlfluff")["files"]
    assert [each for each in known.stdout.splitlines() if re.search(pattern, each)] == sorted(all_files())


def test_a_hook_that_is_handed_files_does_not_look_where_make_check_does_not(tmp_path: Path) -> None:
    """codespell reads what it is named, whatever `skip` says; words of other languages are data."""
    hook = hook_of("codespell")
    named = [] if hook.get("pass_filenames") is False else ["tests/drafting/words.yaml"]
    done = subprocess.run(
        [Path(sys.executable).parent / "codespell", *hook["entry"].split()[1:], *named],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
