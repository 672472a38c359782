"""Whether it is of use to ask Spark for more: where work waits and nobody does any, or a cluster suffers from something, a run ends with one reason.

Spark waits for workers without end, and no setting of it ends that on every cluster. What a lost worker does to a run that goes on
elsewhere is Spark's to mend; what an error says is `problems`'s.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from cdp_assets.spark.problems import found_and_remedy
from cdp_assets.spark.session import CONNECT, SparkProblem

LOOKS = 4  # at the session while the patience lasts, but at least every …
SECONDS = 5.0
_NODE = re.compile(r'"node_id": "([^"]+)"')  # in the comment that dbt puts before each query


class Watch:
    """Ends a session on which work waited so many seconds and no worker did any of it; `problem` is why nothing more is asked.

    A process that holds Spark's driver asks it; a client of Spark Connect is told by the server while it waits for an answer.
    """

    def __init__(
        self, session: Any, address: str, patience: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem: SparkProblem | None = None
        self._session, self._address, self._patience, self._clock = session, address, patience, clock
        self._last_sign = clock()
        self._operations: set[str | None] = set()  # of Spark Connect, that were heard of
        self._ended = threading.Event()

    def begin(self) -> None:
        """Watch until `end`."""
        if self._address.startswith(CONNECT):
            self._session.registerProgressHandler(self.told)
        else:
            threading.Thread(target=self._ask, name="watch over Spark", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def told(self, stages: Any, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        """Spark Connect's word on one operation. Raises SparkProblem, in the thread that waits for it, where it is not to wait on."""
        is_new = operation_id not in self._operations
        self._operations.add(operation_id)
        has_work = not is_new and not done and any(not each.done for each in stages)
        if self.gives_up(is_waiting=has_work and inflight_tasks == 0):
            raise self._gone()

    def heard(self, error: str, sql: str) -> None:
        """What Spark answered to a query. Of what the whole cluster suffers from, every further query would suffer, too."""
        found = found_and_remedy(error)
        if found is not None and self.problem is None:
            node = _NODE.search(sql)
            where = f"{self._address}, at {node.group(1)}" if node else self._address
            self.problem = SparkProblem(found[0], where, found[1])

    def gives_up(self, *, is_waiting: bool) -> bool:
        """Whether work has waited for too long, by what was seen now and before."""
        now = self._clock()
        if not is_waiting:
            self._last_sign = now
        return now - self._last_sign >= self._patience

    def _ask(self) -> None:
        while not self._ended.wait(min(SECONDS, self._patience / LOOKS)):
            try:
                is_waiting = work_waits(self._session.sparkContext.statusTracker())
            except Exception:  # the driver itself is lost: who asks it for rows hears of it
                return
            if self.gives_up(is_waiting=is_waiting):
                self._gone()
                self._session.stop()
                return

    def _gone(self) -> SparkProblem:
        self.problem = self.problem or SparkProblem(
            f"work waited on Spark for {self._patience:g} seconds, and no worker did any of it",
            self._address,
            "look whether the cluster has workers, and room for this run, then `onefold run` again (ONEFOLD_SPARK_PATIENCE: seconds to wait)",
        )
        return self.problem


def work_waits(tracker: Any) -> bool:
    """Whether Spark's driver has work of which no worker does any."""
    stages = [tracker.getStageInfo(each) for each in tracker.getActiveStageIds()]
    known = [each for each in stages if each is not None]
    return bool(known) and all(each.numActiveTasks == 0 for each in known)
