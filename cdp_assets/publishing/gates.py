"""Gates: what must be true of a run before its generation may be published.

A gate reads the run's record and answers with the reasons why not; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cdp_assets.publishing.run_record import Step


@dataclass(frozen=True)
class Refusal:
    """Why a run may not be published: which gate, what it found, what to do."""

    gate: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.gate}: {self.found}. {self.remedy}"


class NotPublished(RuntimeError):
    """The gates refused; the former generation stays and state is as it was."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__("not published\n" + "\n".join(f"  - {refusal}" for refusal in refusals))


def judge_run(
    steps: Collection[Step], *, expected_assets: Collection[str], expected_checks: Collection[str]
) -> list[Refusal]:
    """Every expected asset was made, every expected blocking check ran, and none of them failed."""
    made = {step.name for step in steps if step.kind == "asset" and step.passed}
    ran = {step.name: step for step in steps if step.kind == "check"}
    refusals = []
    if missing := sorted(set(expected_assets) - made):
        refusals.append(
            Refusal(
                "assets",
                f"{len(missing)} not made: {some(missing)}",
                "See the run's log for the first failure",
            )
        )
    if missing := sorted(set(expected_checks) - set(ran)):
        refusals.append(
            Refusal(
                "checks", f"{len(missing)} did not run: {some(missing)}", "Run everything with `onefold run`"
            )
        )
    if failed := sorted(name for name, step in ran.items() if step.blocking and not step.passed):
        refusals.append(
            Refusal(
                "checks",
                f"{len(failed)} failed: {some(failed)}",
                "Each check's description says what it guards",
            )
        )
    return refusals


def some(names: list[str], at_most: int = 5) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(names[:at_most])
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"
