"""Dagster's history of runs goes after a while: some megabytes a run would fill a disk within a year."""

from __future__ import annotations

import dagster as dg

FINISHED = frozenset({dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED})


def prune_history(instance: dg.DagsterInstance, keep: int, running: str = "") -> int:
    """Delete the runs before the `keep` newest finished ones, with their events; returns how many.

    What did not finish and is older than those was killed: one run at a time works on a home. Left alone are the run that asks (running:
    its id) and those that wait for their turn.
    """
    kept, gone = 0, []
    for run in instance.get_runs():  # newest first
        if kept < keep:
            kept += run.status in FINISHED
        elif run.run_id != running and run.status != dg.DagsterRunStatus.QUEUED:
            gone.append(run.run_id)
    for run_id in gone:
        instance.delete_run(run_id)
    return len(gone)
