"""Do the tests bite? Small changes to the modules that must not be wrong, one at a time, each against the nearest tests.

`python -m checks.mutants [--each 25] [--seed 1] [--only publishing/] [--scores FILE --minutes N]`. The modules and their tests stand in
mutants.yaml; survivors.yaml says of some survivors why they may live. Python is changed by cosmic-ray's operators, of comparisons and sums
only those that other mutation testers have, too (a boundary, the opposite, the inverse sum); SQL, in strings and in files, by the swaps below
(a comparison, and for or, min for max, …). From each module a sample is drawn, spread over its lines; every mutant runs in a process
forked from one that has the libraries imported, in a copy of the checkout. A mutant is killed if a test fails (or does not end). Prints one
row per module and every survivor; exit 1 below `ENOUGH`. With --scores a later call goes on after the last whole module.
"""

from __future__ import annotations

import argparse
import io
import json
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
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

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
    scores, started = read_scores(arguments.scores), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        for module, tests in chosen.items():
            if module in scores:
                continue
            if time.monotonic() - started > 60 * arguments.minutes:
                return AGAIN
            scores[module] = try_module(copy, module, tests, arguments.each, random.Random(arguments.seed))
            write_scores(arguments.scores, scores)
    scores = {module: scores[module] for module in chosen}
    print("\n".join(table_of(scores)))
    killed, tried = sum(each.killed for each in scores.values()), sum(each.tried for each in scores.values())
    return 0 if killed >= ENOUGH * tried else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--each", type=int, default=25, help="mutants of each module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="regular expression of the modules' paths")
    parser.add_argument(
        "--scores", type=Path, help="file that keeps what was tried, so that a later call goes on after it"
    )
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="begin no module after so long (exit 75: call again)"
    )
    return parser.parse_args()


def read_scores(path: Path | None) -> dict[str, Score]:
    if path is None or not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {
        module: Score(
            each["possible"],
            each["killed"],
            each["seconds"],
            [(line, change) for line, change in each["survivors"]],
        )
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
    import pyarrow  # noqa: F401
    import pydantic_settings  # noqa: F401
    import pytest  # noqa: F401
    import rich.console  # noqa: F401
    import splink  # noqa: F401


def copy_checkout(target: Path) -> None:
    """The files that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def try_module(copy: Path, module: str, tests: list[str], each: int, chance: random.Random) -> Score:
    """Try a sample of a module's mutants."""
    path = copy / module
    original = path.read_text(encoding="utf-8")
    started = time.monotonic()
    if run_tests(copy, tests, seconds=600) != 0:
        raise SystemExit(f"{module}: its tests fail without any change; look at them first")
    seconds = 30 + 4 * (time.monotonic() - started)
    found = list(mutants_of(module, original))
    score, before = Score(possible=len(found)), resource.getrusage(resource.RUSAGE_CHILDREN)
    for mutant in spread(found, each, chance):
        path.write_text(mutant.source, encoding="utf-8")
        if run_tests(copy, tests, seconds) == 0:
            score.survivors.append((mutant.line, mutant.change))
            print(f"  survived: {module}:{mutant.line}: {mutant.change}", file=sys.stderr, flush=True)
        else:
            score.killed += 1
    path.write_text(original, encoding="utf-8")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    score.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{module}: {score.killed} of {score.tried} killed", file=sys.stderr, flush=True)
    return score


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
            if changed and not _is_only_annotation(source, line):
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


def _is_only_annotation(source: str, line: int) -> bool:
    """A change to a signature's types, a docstring or an import changes nothing that runs."""
    text = _line(source, line)
    return text.startswith(("def ", "from ", "import ", '"""', ") ->", "@dataclass")) or bool(
        re.match(r"\w+: [^=]*$", text)
    )


def _line(source: str, line: int) -> str:
    return source.splitlines()[line - 1].strip()


def run_tests(copy: Path, tests: list[str], seconds: float) -> int:
    """pytest's exit code on the copy, -1 where it does not end; in a forked process, so that libraries are imported once."""
    child = os.fork()
    if child == 0:
        os.setsid()
        _test_and_exit(copy, tests)
    ends, done = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < ends:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return -1
    finally:
        if not done:  # it takes too long, or this process was asked to end
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _test_and_exit(copy: Path, tests: list[str]) -> None:
    import pytest

    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    for name in [name for name in sys.modules if name.split(".")[0] in ("cdp_assets", "checks", "tests")]:
        del sys.modules[name]
    try:
        code = int(
            pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", *tests])
        )
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
