"""The run's own record: what was expected, what was made, which checks ran, one JSON line each.

Gates and `onefold run` judge by this file, not by the orchestrator's word. Only codes, names and counts go in: never a
customer's value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from cdp_assets.settings import Settings

Listener = Callable[["Step"], None]
_listeners: list[Listener] = []


@dataclass(frozen=True)
class Step:
    """One thing that happened in a run: an asset made, a check that ran, or a note."""

    kind: str  # asset · check · tell
    name: str  # "landing/shopify_orders", "marts/orders:not_null_orders_order_id"
    passed: bool = True
    blocking: bool = True
    rows: int | None = None
    seconds: float | None = None
    detail: str | None = None
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener` for every step recorded in this process; returns a function that ends it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


class RunRecord:
    """The record of one run under HOME/runs/<run_id>/."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self.run_id = run_id
        self.folder = settings.runs_dir / run_id
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._steps_path = self.folder / "steps.jsonl"
        self._facts_path = self.folder / "run.json"
        self._log_path = settings.logs_dir / f"{run_id}.log"

    def add(self, step: Step) -> None:
        """Append one step and tell whoever listens."""
        line = json.dumps({k: v for k, v in asdict(step).items() if v is not None}, ensure_ascii=False)
        _append(self._steps_path, line)
        _append(self._log_path, log_line(step))
        for listener in _listeners:
            listener(step)

    def asset(
        self, name: str, *, rows: int | None = None, seconds: float | None = None, detail: str | None = None
    ) -> None:
        self.add(Step("asset", name, rows=rows, seconds=seconds, detail=detail))

    def check(self, name: str, *, passed: bool, blocking: bool = True, detail: str | None = None) -> None:
        self.add(Step("check", name, passed=passed, blocking=blocking, detail=detail))

    def tell(self, name: str, detail: str) -> None:
        """Record what people must hear of although the run goes on; `detail` names counts and what to do, never a value."""
        self.add(Step("tell", name, blocking=False, detail=detail))

    def progress(self, name: str, *, seconds: float | None = None) -> None:
        """Tell listeners that something is on its way; nothing is written."""
        for listener in _listeners:
            listener(Step("progress", name, seconds=seconds))

    def steps(self) -> list[Step]:
        return list(read_steps(self._steps_path))

    def set_facts(self, **facts: object) -> None:
        """Merge facts of the run (as_of_date, generation, versions) into run.json."""
        merged = {
            **self.facts(),
            **{k: v.isoformat() if isinstance(v, date) else v for k, v in facts.items()},
        }
        temporary = self._facts_path.with_suffix(".tmp")
        temporary.write_text(json.dumps(merged, indent=1, ensure_ascii=False), encoding="utf-8")
        temporary.replace(self._facts_path)

    def facts(self) -> dict[str, object]:
        if not self._facts_path.exists():
            return {}
        found: dict[str, object] = json.loads(self._facts_path.read_text(encoding="utf-8"))
        return found


def log_line(step: Step) -> str:
    """The step as a person reads it in HOME/logs/<run_id>.log."""
    if step.kind == "check":
        what = "passed" if step.passed else "FAILED" if step.blocking else "WARNED"
    elif step.kind == "tell":
        what = "TELL"
    else:
        what = "made" if step.passed else "FAILED"
    rows = "" if step.rows is None else f" {step.rows:,} rows"
    seconds = "" if step.seconds is None else f" {step.seconds:.1f} s"
    detail = f": {step.detail}" if step.detail else ""
    return f"{step.at} {what:6} {step.kind} {step.name}{rows}{seconds}{detail}"


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(line + "\n")


def last_written(folder: Path) -> float:
    """When a run's record was last added to; the folder's own time changes, too, when a part of it is removed."""
    return max((path.stat().st_mtime for path in folder.iterdir()), default=folder.stat().st_mtime)


def read_steps(path: Path) -> Iterator[Step]:
    """The steps of a record; a line torn by a kill is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").split("\n"):  # a text may hold other ends of lines (U+2028)
        try:
            yield Step(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
