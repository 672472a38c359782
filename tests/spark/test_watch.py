"""A run does not wait without end on a Spark that has nobody to work."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from cdp_assets.settings import Settings
from cdp_assets.spark.dbt_session import in_session
from cdp_assets.spark.models import SparkModels
from cdp_assets.spark.session import SparkProblem
from cdp_assets.spark.watch import Watch, work_waits

ADDRESS = "spark://master:7077"
UNFINISHED = [SimpleNamespace(done=True), SimpleNamespace(done=False)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Tracker:
    """Spark's word on its stages: tasks that run, by stage; None of one that it has forgotten."""

    def __init__(self, **running: int | None) -> None:
        self.running = running

    def getActiveStageIds(self) -> list[str]:  # Spark's name
        return list(self.running)

    def getStageInfo(self, stage: str) -> Any:
        found = self.running[stage]
        return None if found is None else SimpleNamespace(numActiveTasks=found)


class Session:
    """A driver with one stage, of which so many tasks run."""

    def __init__(self, running: int) -> None:
        self.sparkContext, self.tracker = self, Tracker(a=running)
        self.is_stopped = threading.Event()
        self.asked = threading.Semaphore(0)

    def statusTracker(self) -> Tracker:
        self.asked.release()
        return self.tracker

    def stop(self) -> None:
        self.is_stopped.set()


def watching(clock: Clock, patience: float = 60) -> Watch:
    return Watch(None, ADDRESS, patience, clock)


@pytest.mark.parametrize(
    ("tracker", "expected"),
    [
        (Tracker(), False),  # the driver plans, or nobody asks for anything
        (Tracker(a=None), False),
        (Tracker(a=0), True),
        (Tracker(a=0, b=None), True),
        (Tracker(a=0, b=1), False),
    ],
)
def test_work_waits_where_there_are_stages_and_no_task_runs(tracker: Tracker, expected: bool) -> None:
    assert work_waits(tracker) is expected


def test_patience_begins_anew_with_every_sign_of_work() -> None:
    clock = Clock()
    watch = watching(clock)
    clock.now = 59
    assert not watch.gives_up(is_waiting=True)
    assert not watch.gives_up(is_waiting=False)
    clock.now = 118
    assert not watch.gives_up(is_waiting=True)
    clock.now = 119
    assert watch.gives_up(is_waiting=True)


def test_a_session_without_workers_is_ended_and_the_reason_kept() -> None:
    session = Session(running=0)
    watch = Watch(session, ADDRESS, 0.05)
    watch.begin()
    assert session.is_stopped.wait(30)
    said = str(watch.problem)
    assert (
        "work waited on Spark for 0.05 seconds" in said
        and ADDRESS in said
        and "ONEFOLD_SPARK_PATIENCE" in said
    )


def test_a_session_that_works_is_left_alone() -> None:
    session = Session(running=1)
    watch = Watch(session, ADDRESS, 0.02)
    watch.begin()
    for _ in range(10):
        assert session.asked.acquire(timeout=30)
    watch.end()
    assert not session.is_stopped.is_set() and watch.problem is None


def test_operations_of_spark_connect_that_all_wait_are_given_up() -> None:
    clock = Clock()
    watch = watching(clock)
    watch.told([], 0, "a", False)
    clock.now = 30
    watch.told(UNFINISHED, 0, "b", False)  # heard of for the first time
    for clock.now in (60, 89):
        watch.told(UNFINISHED, 0, "a", False)
        watch.told(UNFINISHED, 0, "b", False)
    clock.now = 90
    with pytest.raises(SparkProblem, match="no worker did any of it"):
        watch.told(UNFINISHED, 0, "a", False)
    assert watch.problem is not None


@pytest.mark.parametrize(
    ("stages", "inflight", "done"),
    [
        (UNFINISHED, 1, False),
        (UNFINISHED, 0, True),
        ([SimpleNamespace(done=True)], 0, False),  # the server plans what comes next
    ],
)
def test_an_operation_of_spark_connect_that_goes_on_is_a_sign_for_all(
    stages: Any, inflight: int, done: bool
) -> None:
    clock = Clock()
    watch = watching(clock)
    for each in ("a", "b"):
        watch.told(UNFINISHED, 0, each, False)
    clock.now = 59
    watch.told(stages, inflight, "b", done)
    clock.now = 118
    watch.told(UNFINISHED, 0, "a", False)
    assert watch.problem is None


def given_up(settings: Settings) -> SparkModels:
    """A home's models of which the watch has given up."""
    found = SparkModels.__new__(SparkModels)
    found.settings, found.watch = settings, watching(Clock(), patience=0)
    with pytest.raises(SparkProblem):
        found.watch.told(UNFINISHED, 0, None, False)
        found.watch.told(UNFINISHED, 0, None, False)
    return found


def test_what_followed_from_giving_up_is_not_the_reason(settings: Settings) -> None:
    models = given_up(settings)
    with pytest.raises(SparkProblem, match="no worker did any of it"), models.speaking():
        raise ValueError("a stopped session")
    with pytest.raises(SparkProblem, match="no worker did any of it"), models.speaking():
        pass


def test_nothing_more_is_asked_of_a_session_that_was_given_up(settings: Settings) -> None:
    from dbt.adapters.spark import session as adapter
    from dbt_common.exceptions import DbtRuntimeError

    models = given_up(settings)
    with in_session(None, models.watch), pytest.raises(DbtRuntimeError, match="no worker did any of it"):
        adapter.Cursor().execute("select 1")


class Failing:
    """A session whose queries fail, at once or when their rows are read."""

    def __init__(self, message: str, *, is_lazy: bool) -> None:
        self.message, self.is_lazy = message, is_lazy
        self.asked = 0

    def sql(self, text: str) -> Failing:
        self.asked += 1
        if not self.is_lazy:
            raise RuntimeError(self.message)
        return self

    def collect(self) -> None:
        raise RuntimeError(self.message)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_what_the_whole_cluster_suffers_from_is_said_once_with_the_query_that_met_it(is_lazy: bool) -> None:
    from dbt.adapters.spark import session as adapter
    from dbt_common.exceptions import DbtRuntimeError

    session, watch = (
        Failing("java.io.IOException: No space left on device", is_lazy=is_lazy),
        watching(Clock()),
    )
    sql = '/* {"app": "dbt", "node_id": "model.onefold.orders"} */ select 1'
    with in_session(session, watch):
        cursor = adapter.Cursor()
        with pytest.raises(RuntimeError, match="No space left"):
            cursor.execute(sql)
            cursor.fetchall()
        with pytest.raises(DbtRuntimeError, match="a disk of Spark is full"):
            adapter.Cursor().execute("select 2")
    assert session.asked == 1
    assert watch.problem is not None
    assert watch.problem.parts[:2] == ("a disk of Spark is full", f"{ADDRESS}, at model.onefold.orders")


def test_a_query_that_fails_by_itself_stops_no_other() -> None:
    from dbt.adapters.spark import session as adapter

    session, watch = Failing("[CAST_INVALID_INPUT] The value", is_lazy=False), watching(Clock())
    with in_session(session, watch):
        for _ in range(2):
            with pytest.raises(RuntimeError, match="CAST_INVALID_INPUT"):
                adapter.Cursor().execute("select 1")
    assert session.asked == 2 and watch.problem is None
