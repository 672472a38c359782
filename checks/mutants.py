"""Do the tests bite? Small changes to the modules that must not be wrong, one at a time, each against the nearest tests.

`python -m checks.mutants [--each 25] [--seed 1] [--only publishing/] [--scores FILE --minutes N]`. The modules and their tests stand in
mutants.yaml; survivors.yaml says of some survivors why they may live. Python is changed by cosmic-ray's operators, of comparisons and sums
only those that other mutation testers have, too (a boundary, the opposite, the inverse sum); SQL, in strings and in files, by the swaps below
(a comparison, and for or, min for max, …). From each module a sample is drawn, spread over its lines; every mutant runs in a process
forked from one that has the libraries imported, in a copy of the checkout, against those tests that call the changed function, the ones that
killed others first. A mutant is killed if a test fails (or does not end). Prints one row per module and every survivor; exit 1 below `ENOUGH`.
With --scores every mutant is written down as it is tried, and a later call goes on after the last one.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tokenize
import warnings
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ENOUGH = 0.85
AGAIN = 75  # modules are left
# Operators whose changes mostly mean the same (`is` for `==`), or cannot run.
SKIPPED = ("RemoveDecorator", "VariableInserter", "VariableReplacer", "ExceptionReplacer", "_Is", "_IsNot")
# Of the families that put everything in everything's place: the boundary and the opposite of a comparison, the inverse of a sum.
COMPARISONS = {
    "Eq_NotEq",
    "NotEq_Eq",
    "Lt_LtE",
    "LtE_Lt",
    "Gt_GtE",
    "GtE_Gt",
    "Lt_GtE",
    "LtE_Gt",
    "Gt_LtE",
    "GtE_Lt",
}
SUMS = {
    "Add_Sub",
    "Sub_Add",
    "Mul_Div",
    "Div_Mul",
    "FloorDiv_Mul",
    "Mod_Mul",
    "Pow_Mul",
    "BitOr_BitAnd",
    "BitAnd_BitOr",
}
FAMILIES = {"ReplaceComparisonOperator_": COMPARISONS, "ReplaceBinaryOperator_": SUMS}
ONLY_ROW = re.compile(r"fetchall\(\)\[(?:0\]\[)?$")  # of one row another index is no row, or the same one
# In a string that holds SQL: what is found, and what stands there instead.
SWAPS = (
    (r" = ", " <> "), (r" <> ", " = "), (r" < ", " <= "), (r" > ", " >= "), (r" <= ", " < "), (r" >= ", " > "),
    (r"\band\b", "or"), (r"(?<!create )\bor\b", "and"), (r"\bmin\(", "max("), (r"\bmax\(", "min("), (r"\bmin_by\(", "max_by("),
    (r"\bmax_by\(", "min_by("), (r" desc\b", " asc"), (r"\bnot exists\b", "exists"), (r"\bis not null\b", "is null"),
    (r"\bis null\b", "is not null"), (r"\bleft join\b", "join"), (r"\bnot in\b", "in"), (r" \+ 1\b", " - 1"),
    (r"\bsum\(", "min("), (r"\bbool_or\(", "bool_and("), (r"\bbool_and\(", "bool_or("),
)  # fmt: skip
IS_SQL = re.compile(r"\b(select|update|insert|delete)\b[^.]*\b(from|set|into)\b", re.DOTALL)


@dataclass(frozen=True)
class Mutant:
    """One change. source: the whole module with it."""

    module: str
    line: int
    change: str
    source: str

    @property
    def at(self) -> tuple[int, str]:
        return self.line, self.change


@dataclass
class Score:
    """What became of a module's mutants. survivors: (line, change)."""

    possible: int = 0
    killed: int = 0
    seconds: float = 0
    survivors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.killed + len(self.survivors)


def main() -> int:
    arguments = _arguments()
    groups = yaml.safe_load((ROOT / "checks" / "mutants.yaml").read_text(encoding="utf-8"))
    chosen = {module: tests for module, tests in groups.items() if re.search(arguments.only, module)}
    os.environ.update(OPENBLAS_NUM_THREADS="1", DO_NOT_TRACK="1", PYTHONDONTWRITEBYTECODE="1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(AGAIN))
    import_libraries()
    scores, ends = read_scores(arguments.scores), time.monotonic() + 60 * arguments.minutes
    nearest: dict[str, Nearest] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        for module, tests in chosen.items():
            score, chance = scores.setdefault(module, Score()), random.Random(arguments.seed)
            sample = sample_of(copy, module, arguments.each, chance, score)
            if sample and (names := " ".join(tests)) not in nearest:
                nearest[names] = Nearest.of(copy, tests)
            for _ in try_mutants(copy, sample, nearest.get(" ".join(tests)), score):
                write_scores(arguments.scores, scores)
                if time.monotonic() > ends:
                    return AGAIN
    scores = {module: scores[module] for module in chosen}
    print("\n".join(table_of(scores)))
    killed, tried = sum(each.killed for each in scores.values()), sum(each.tried for each in scores.values())
    return 0 if killed >= ENOUGH * tried else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--each", type=int, default=25, help="mutants of each module; 0: the survivors of --scores once more"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="regular expression of the modules' paths")
    parser.add_argument(
        "--scores", type=Path, help="file that keeps what was tried, so that a later call goes on after it"
    )
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="begin no mutant after so long (exit 75: call again)"
    )
    return parser.parse_args()


def read_scores(path: Path | None) -> dict[str, Score]:
    if path is None or not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {
        module: Score(**each | {"survivors": [(line, change) for line, change in each["survivors"]]})
        for module, each in kept.items()
    }


def write_scores(path: Path | None, scores: dict[str, Score]) -> None:
    if path is not None:
        kept = {module: asdict(score) for module, score in scores.items()}
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def import_libraries() -> None:
    """What tests import of others' code, before any fork; nothing of ours."""
    import duckdb  # noqa: F401
    import hypothesis  # noqa: F401
    import pandas  # noqa: F401
    import phonenumbers  # noqa: F401
    import pyarrow  # noqa: F401
    import pydantic_settings  # noqa: F401
    import pypinyin  # noqa: F401
    import rich.console  # noqa: F401
    import scipy.sparse.csgraph  # noqa: F401
    import splink  # noqa: F401


def copy_checkout(target: Path) -> None:
    """The files that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def sample_of(copy: Path, module: str, each: int, chance: random.Random, score: Score) -> list[Mutant]:
    """A module's mutants that `score` has not tried yet, at most `each` with those that it has; or (each = 0) its survivors."""
    original = (copy / module).read_text(encoding="utf-8")
    found = list({mutant.at: mutant for mutant in mutants_of(module, original)}.values())
    score.possible = len(found)
    if each:
        return spread(found, each, chance)[score.tried :]
    return [mutant for mutant in found if mutant.at in score.survivors]


def try_mutants(copy: Path, sample: list[Mutant], nearest: Nearest | None, score: Score) -> Iterator[None]:
    """Try mutants of one module; yields after each of them."""
    if not sample or nearest is None:
        return
    path = copy / sample[0].module
    original = path.read_text(encoding="utf-8")
    functions = [] if path.suffix == ".sql" else functions_of(original)
    for mutant in sample:
        path.write_text(mutant.source, encoding="utf-8")
        started, tests = processor_seconds(), nearest.tests_of(mutant, functions)
        done = run_tests(copy, Watch(tests), {file_of(name) for name in tests}, nearest.seconds)
        nearest.killers.update(done.said.get("failed", []))
        score.seconds += processor_seconds() - started
        score.survivors = [at for at in score.survivors if at != mutant.at]
        if done.code == 0:
            score.survivors.append(mutant.at)
            print(f"  survived: {mutant.module}:{mutant.line}: {mutant.change}", file=sys.stderr, flush=True)
        else:
            score.killed += 1
        yield
    path.write_text(original, encoding="utf-8")
    counts = f"{score.killed} of {score.tried} killed, {score.seconds:.0f} s"
    print(f"{sample[0].module}: {counts}", file=sys.stderr, flush=True)


@dataclass
class Nearest:
    """What some files of tests do without any change. tests: how long each takes; calls: `module:first line of a function` → the tests that call it."""

    files: list[str]
    tests: dict[str, float]
    calls: dict[str, set[str]]
    seconds: tuple[float, float]  # of processor and by the clock, that a mutant may take
    killers: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, copy: Path, files: list[str]) -> Nearest:
        started, before = time.monotonic(), processor_seconds()
        done = run_tests(copy, Watch(within=f"{copy}/cdp_assets/"), files, (900, 1800))
        if done.code != 0:
            raise SystemExit(f"{' '.join(files)} fail without any change; look at them first")
        took, processor = time.monotonic() - started, processor_seconds() - before
        print(f"{' '.join(files)}: {processor:.0f} s of processor", file=sys.stderr, flush=True)
        calls = {function: set(names) for function, names in done.said["calls"].items()}
        return cls(files, done.said["tests"], calls, (10 + 2 * processor, 60 + 6 * took))

    def tests_of(self, mutant: Mutant, functions: list[tuple[int, int, int]]) -> list[str]:
        """The tests to run for a change, those that killed most first, then the quick ones: those that call its function in their own
        process, or all."""
        around = [each for each in functions if each[1] <= mutant.line <= each[2]]
        called = self.calls.get(f"{mutant.module}:{max(around)[0]}") if around else None
        if not called or "" in called:  # what several tests share calls it
            called = set(self.tests)
        by_file: dict[str, float] = {}  # what a file's tests share is made once if they stay together
        for name, seconds in self.tests.items():
            by_file[file_of(name)] = by_file.get(file_of(name), 0) + seconds
        return sorted(
            called,
            key=lambda name: (-self.killers[name], by_file[file_of(name)], self.tests[name]),
        )


def file_of(test: str) -> str:
    return test.partition("::")[0]


def functions_of(source: str) -> list[tuple[int, int, int]]:
    """Of each function its first line as Python counts it (that of a decorator), and first and last line of its body."""
    return [
        (
            min([node.lineno, *(each.lineno for each in node.decorator_list)]),
            node.body[0].lineno,
            node.end_lineno or node.lineno,
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def spread(found: list[Mutant], count: int, chance: random.Random) -> list[Mutant]:
    """At most `count` mutants, one of each changed line before a second of any."""
    by_line: dict[int, list[Mutant]] = {}
    for mutant in chance.sample(found, len(found)):
        by_line.setdefault(mutant.line, []).append(mutant)
    rounds = [each for lines in zip_longest_lists(list(by_line.values())) for each in lines]
    return rounds[:count]


def zip_longest_lists(lists: list[list[Mutant]]) -> Iterator[list[Mutant]]:
    for index in range(max(map(len, lists), default=0)):
        yield [each[index] for each in lists if index < len(each)]


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    """Every change of Python and of SQL that still compiles."""
    if module.endswith(".sql"):
        yield from _file_mutants(module, source)
        return
    for mutant in [*_python_mutants(module, source), *_sql_mutants(module, source)]:
        try:
            with warnings.catch_warnings(action="ignore"):
                compile(mutant.source, module, "exec")
        except SyntaxError:
            continue
        yield mutant


def _python_mutants(module: str, source: str) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    tree = get_ast(source)
    for name in operator_names():
        if any(skipped in name for skipped in SKIPPED) or not _is_of_its_family(name.partition("/")[2]):
            continue
        operator = get_operator(name)()
        positions = [at for node in ast_nodes(tree) for at in operator.mutation_positions(node)]
        for occurrence, ((line, column), _) in enumerate(positions):
            if ONLY_ROW.search(source.splitlines()[line - 1][:column]):
                continue
            changed = mutate_code(source, operator, occurrence)
            if changed and not _is_only_annotation(source, line, column):
                yield Mutant(module, line, f"{name.partition('/')[2]}: {_line(source, line)}", changed)


def _is_of_its_family(operator: str) -> bool:
    family = next((family for family in FAMILIES if operator.startswith(family)), None)
    return family is None or operator.removeprefix(family) in FAMILIES[family]


def _file_mutants(module: str, source: str) -> Iterator[Mutant]:
    """Of a file of SQL; its comments and holes stay."""
    kept = [match.span() for match in re.finditer(r"\{#.*?#\}|\{[{%].*?[%}]\}|--[^\n]*", source, re.DOTALL)]
    for pattern, instead in SWAPS:
        for match in re.finditer(pattern, source):
            if any(begin <= match.start() < end for begin, end in kept):
                continue
            number = source.count("\n", 0, match.start()) + 1
            said = f"SQL {match.group()!r} → {instead!r}: {_line(source, number)}"
            yield Mutant(module, number, said, source[: match.start()] + instead + source[match.end() :])


def _sql_mutants(module: str, source: str) -> Iterator[Mutant]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.STRING or not IS_SQL.search(token.string):
            continue
        begin = starts[token.start[0] - 1] + token.start[1]
        for pattern, instead in SWAPS:
            for match in re.finditer(pattern, token.string):
                at = begin + match.start()
                changed = source[:at] + instead + source[begin + match.end() :]
                number = source.count("\n", 0, at) + 1
                said = f"SQL {match.group()!r} → {instead!r}: {_line(source, number)}"
                yield Mutant(module, number, said, changed)


def _is_only_annotation(source: str, line: int, column: int) -> bool:
    """A change to a signature's types or marks, a docstring or an import changes nothing that runs."""
    annotation = re.match(r"\s*\w+: [^=]*", source.splitlines()[line - 1])
    return bool(annotation and column < annotation.end()) or _line(source, line).startswith(
        ("def ", "from ", "import ", '"""', ") ->", "@dataclass", "*,")
    )


def _line(source: str, line: int) -> str:
    return source.splitlines()[line - 1].strip()


class Watch:
    """A plugin of pytest's in the forked process: runs only some tests, and says which failed and which call what of a folder."""

    def __init__(self, only: list[str] | None = None, within: str = "") -> None:
        self.only, self.within = only, within
        self.calls: dict[str, set[str]] = {}
        self.tests: dict[str, float] = {}
        self.failed: list[str] = []
        self._test = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that `only` names, in its order."""
        if self.only is not None:
            by_name = {each.nodeid: each for each in items}
            items[:] = [by_name[name] for name in self.only if name in by_name]
        self.tests = dict.fromkeys((each.nodeid for each in items), 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test = item.nodeid
        if self.within:
            sys.setprofile(self._called)
        try:
            return (yield)
        finally:
            sys.setprofile(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a shared fixture calls, all tests may stand on."""
        test = self._test
        if fixturedef.scope != "function":
            self._test = ""
        try:
            return (yield)
        finally:
            self._test = test

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.tests[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(self.within):
            code = frame.f_code
            name = f"cdp_assets/{code.co_filename.removeprefix(self.within)}:{code.co_firstlineno}"
            self.calls.setdefault(name, set()).add(self._test)

    def said(self) -> dict[str, Any]:
        calls = {function: sorted(names) for function, names in self.calls.items()}
        return {"tests": self.tests, "calls": calls, "failed": self.failed}


@dataclass(frozen=True)
class Done:
    """pytest's exit code (-1: it did not end), and what `Watch` said."""

    code: int
    said: dict[str, Any]


def run_tests(copy: Path, watch: Watch, tests: Collection[str], seconds: tuple[float, float]) -> Done:
    """Run tests on the copy in a forked process, so that libraries are imported once. seconds: of processor, by the clock."""
    told = copy / ".told.json"
    told.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds[0]), math.ceil(seconds[0]) + 5))
        _test_and_exit(copy, watch, tests, told)
    ends, done, code = time.monotonic() + seconds[1], 0, -1
    try:
        while not done and time.monotonic() < ends:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.02)
    finally:
        if not done:  # it takes too long, or this process was asked to end
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit(f"no test is left to run of {', '.join(tests)}")
    return Done(code, json.loads(told.read_text("utf-8")) if told.exists() else {})


def processor_seconds() -> float:
    """Of all processes that were started here and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _test_and_exit(copy: Path, watch: Watch, tests: Collection[str], told: Path) -> None:
    from hypothesis import Phase
    from hypothesis import settings as hypothesis_settings

    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    for name in [name for name in sys.modules if name.split(".")[0] in ("cdp_assets", "checks", "tests")]:
        del sys.modules[name]
    # An example that fails is enough: to look for the smallest one takes minutes. The same ones for every mutant.
    hypothesis_settings.register_profile(
        "mutants",
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
    )
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile", "mutants"]
    try:
        code = int(pytest.main([*options, "-m", "not slow", *tests], plugins=[watch]))
        told.write_text(json.dumps(watch.said()), "utf-8")
    except BaseException:
        code = 99
    os._exit(code)


def table_of(scores: dict[str, Score]) -> Iterator[str]:
    """Markdown: one row per module, then the survivors."""
    yield "| module | possible | tried | killed | share | processor s |"
    yield "|---|---:|---:|---:|---:|---:|"
    for module, score in scores.items():
        share = f"{score.killed / score.tried:.0%}" if score.tried else "–"
        yield f"| {module} | {score.possible} | {score.tried} | {score.killed} | {share} | {score.seconds:.0f} |"
    killed, tried = sum(each.killed for each in scores.values()), sum(each.tried for each in scores.values())
    possible, seconds = (
        sum(each.possible for each in scores.values()),
        sum(each.seconds for each in scores.values()),
    )
    yield f"| all | {possible} | {tried} | {killed} | {killed / max(tried, 1):.0%} | {seconds:.0f} |"
    reasons = yaml.safe_load((ROOT / "checks" / "survivors.yaml").read_text(encoding="utf-8")) or {}
    for module, score in scores.items():
        for line, change in score.survivors:
            why = next(
                (why for found, why in reasons.get(module, {}).items() if found in change), "no reason given"
            )
            yield f"survived: {module}:{line}: {change} [{why}]"


if __name__ == "__main__":
    sys.exit(main())
