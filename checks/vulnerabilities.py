"""Known vulnerabilities of the lock, by pip-audit: `make audit`, part of `make check`.

pip-audit asks a service for every distribution. Where it can neither reach it nor find an answer in its cache (ONEFOLD_AUDIT_CACHE), this
says so and passes: a machine without a network can be checked by a cache from another one. ONEFOLD_AUDIT=online asks the service.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("ONEFOLD_AUDIT_CACHE", ROOT / ".pip-audit-cache"))
SECONDS = 300


def main() -> int:
    """Print what is known; returns 1 where a locked version is vulnerable."""
    if not CACHE.is_dir() and os.environ.get("ONEFOLD_AUDIT") != "online":
        print(
            f"skipped: known vulnerabilities were not looked up ({CACHE.name}/ is not there; ONEFOLD_AUDIT=online asks the service "
            "and fills it)"
        )
        return 0
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "requirements.lock"), "--require-hashes",
        "--disable-pip", "--cache-dir", str(CACHE), "--progress-spinner", "off", "--format", "json",
    ]  # fmt: skip
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS).stdout
    except subprocess.TimeoutExpired:
        answer = ""
    return report(answer)


def report(answer: str) -> int:
    """Print pip-audit's answer; returns 1 for a vulnerable version, 0 where there is none or no answer."""
    try:
        found = json.loads(answer)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        print("skipped: pip-audit got no answer: no network, and its cache does not have everything")
        return 0
    vulnerable = [each for each in found if each.get("vulns")]
    for each in vulnerable:
        for known in each["vulns"]:
            mended = ", ".join(known.get("fix_versions") or []) or "no version yet"
            print(f"{each['name']} {each['version']}: {known['id']}, mended in {mended}")
    if unknown := [each["name"] for each in found if each.get("skip_reason")]:
        print(
            f"skipped: the service that was asked does not know {len(unknown)} of {len(found)} distributions, {unknown[0]} the first: "
            "they were not looked up"
        )
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
