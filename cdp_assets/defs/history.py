"""Dagster's history of runs goes with the runs' records: some megabytes a run would fill a disk within a year."""

from __future__ import annotations

import dagster as dg

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def prune_history(instance: dg.DagsterInstance, keep: int) -> int:
    """Delete the finished runs before the `keep` newest ones, with their events; returns how many."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=FINISHED))  # newest first
    for run in runs[keep:]:
        instance.delete_run(run.run_id)
    return len(runs[keep:])
