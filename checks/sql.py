"""Lint the SQL of the dbt project and of the modules that run their own with sqlfluff, as part of `make check`.

All of it takes a minute of processor. So where a branch has a main to compare with, only what differs from it is linted; on main itself, in a
clean checkout and with `all` everything is. sqlfluff's jinja templater stands in for dbt: the dbt templater compiles the project first,
which takes ten times as long and finds nothing more under the rules that are on (.sqlfluff).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Not the migrations of state: what was released is never changed.
LINTED = (
    "dbt_project/models/*.sql",
    "dbt_project/tests/*.sql",
    "cdp_assets/*.sql",
    ":(exclude)cdp_assets/state_schema/*",
)


def main() -> int:
    """Lint; prints sqlfluff's findings only where it has any."""
    files = all_files() if "all" in sys.argv else chosen_files()
    if not files:
        return 0
    command = [
        sys.executable,
        "-m",
        "sqlfluff",
        "lint",
        "--disable-progress-bar",
        "--processes",
        str(min(2, os.cpu_count() or 1)),
        *files,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-20000:], done.stderr[-2000:])
    return done.returncode


def chosen_files() -> list[str]:
    """What differs from main, also what is not committed yet; everything where there is nothing to compare with."""
    base = _git("merge-base", "HEAD", "main")
    if not base or base == _git("rev-parse", "HEAD") == _git("rev-parse", "main"):
        changed = _git("status", "--porcelain", "--", *LINTED)
        return (
            all_files()
            if not changed
            else _names(_git("diff", "--name-only", "--diff-filter=d", "HEAD", "--", *LINTED))
        )
    return _names(_git("diff", "--name-only", "--diff-filter=d", base[0], "--", *LINTED))


def all_files() -> list[str]:
    return _names(_git("ls-files", "--", *LINTED))


def _names(lines: list[str]) -> list[str]:
    return [name for name in lines if (ROOT / name).is_file()]


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main())
