"""The run's record: what gates judge by and what a person reads in the log, both from the same steps."""

from __future__ import annotations

from cdp_assets.publishing.run_record import RunRecord, Step, listen, read_steps
from cdp_assets.settings import Settings


def test_steps_are_read_back_as_they_were_added_and_a_torn_line_is_left_out(settings: Settings) -> None:
    record = RunRecord(settings, "one")
    record.asset("marts/orders", rows=1200, seconds=0.25)
    record.check("marts/orders:unique", passed=False, detail="3 failing rows")
    with (record.folder / "steps.jsonl").open("a") as file:
        file.write('{"kind": "asset", "na')
    first, second = record.steps()
    assert (first.kind, first.name, first.rows, first.passed) == ("asset", "marts/orders", 1200, True)
    assert (second.kind, second.passed, second.blocking) == ("check", False, True)
    assert list(read_steps(settings.runs_dir / "no run" / "steps.jsonl")) == []


def test_a_detail_may_hold_what_unicode_calls_the_end_of_a_line(settings: Settings) -> None:
    record = RunRecord(settings, "one")
    record.check("landing/notes", passed=False, detail="a\u2028b\x85c\u2029d")
    assert [step.detail for step in record.steps()] == ["a\u2028b\x85c\u2029d"]


def test_the_log_says_the_same_to_a_person(settings: Settings) -> None:
    record = RunRecord(settings, "one")
    record.asset("marts/orders", rows=1200, seconds=0.25)
    record.check("marts/orders:unique", passed=False, detail="3 failing rows")
    record.check("marts/orders:recent", passed=False, blocking=False)
    lines = (settings.logs_dir / "one.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "made   asset marts/orders 1,200 rows 0.2 s",
        "FAILED check marts/orders:unique: 3 failing rows",
        "WARNED check marts/orders:recent",
    ]


def test_facts_are_merged(settings: Settings) -> None:
    record = RunRecord(settings, "one")
    record.set_facts(as_of_date="2017-12-31")
    record.set_facts(generation="g000001")
    assert RunRecord(settings, "one").facts() == {"as_of_date": "2017-12-31", "generation": "g000001"}


def test_listeners_hear_of_steps_and_of_progress_until_they_end(settings: Settings) -> None:
    heard: list[Step] = []
    stop = listen(heard.append)
    RunRecord(settings, "one").progress("marts/orders")
    RunRecord(settings, "one").asset("marts/orders")
    stop()
    RunRecord(settings, "one").asset("marts/dates")
    assert [(step.kind, step.name) for step in heard] == [
        ("progress", "marts/orders"),
        ("asset", "marts/orders"),
    ]
    assert [step.name for step in RunRecord(settings, "one").steps()] == ["marts/orders", "marts/dates"]
