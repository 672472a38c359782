"""dbt's and DuckDB's errors in words that a person can act on: what was found, where, what to do; never a value.

Parsing reads the project's own files, so dbt's words may pass. What fails on data is told in the engine's own sentence,
of which only the engine's words, types and the model's own identifiers are kept.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

LONGEST = 400  # letters of what dbt found: the rest is its snippet of the file
GAP = "…"
# Raised before a row is read: they speak of the query's own names.
OF_THE_QUERY = {"Binder Error", "Catalog Error", "Parser Error", "Syntax Error", "Compilation Error"}
_FILE = re.compile(r"(?:models/|macros/|tests/|data/)?[\w./-]*\w\.(?:sql|yml|yaml|csv)\b")
_WORDS = Path(__file__).with_name("engine_words.txt")
_TYPE = re.compile(
    r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?\d*|VARCHAR|DECIMAL|DOUBLE|FLOAT|BOOLEAN|DATE|TIME|TIMESTAMP|TIMESTAMPTZ|"
    r"INTERVAL|UUID|BLOB|JSON|STRUCT|LIST|MAP|WITH|ZONE)"
)


def explain_parse_error(error: BaseException | None, dbt_project_dir: Path) -> tuple[str, str, str]:
    """(found, where, what to do) of an error that dbt met while it read the project."""
    lines = _own_lines(str(error) if error else "dbt gave no reason")
    whole = " ".join(lines)
    missing = re.search(r"depends on a (?:node|source) named '([^']+)'", whole)
    where = _place(whole, dbt_project_dir)
    lacking = re.search(r"Required var '(\w+)' not found", whole)
    if lacking:
        where = ", ".join(_asking_for(lacking.group(1), dbt_project_dir)) or where
        remedy = f"write a line {lacking.group(1)} into `vars` of dbt_project/dbt_project.yml, or take it out of that file"
    elif missing:
        remedy = f"write a model {missing.group(1)}, or correct the name in that file"
    elif "two models with the name" in whole:
        remedy = "rename or delete one of the two files"
    else:
        remedy = "correct that file; `onefold parse` looks again"
    return whole[:LONGEST], where, remedy


def engine_sentence(message: str, code: str | None = None) -> str | None:
    """The database's own sentence out of dbt's message, with literals and data replaced; None where it holds none.

    `code` is the compiled query: its identifiers, and nothing else that is not the engine's, may stand in the sentence.
    """
    found = re.search(
        r"\b((?:[A-Z][\w-]+ (?:of )?){1,3}Error): (.+?)(?:\n\s*\n|\n\s*compiled code at|\n\s*LINE |\Z)",
        message,
        re.S,
    )
    if not found:
        return None
    kind, sentence = found.group(1), " ".join(found.group(2).split())
    kind = re.sub(r"^(?:Runtime|Database) Error in .*?(?=[A-Z][\w-]+ Error$)", "", kind)
    sentence = re.sub(r"\b(ca)n't\b", r"\1nnot", sentence)  # an apostrophe is no quote
    sentence = re.sub(r"'(?:[^']|'')*'", f"'{GAP}'", sentence)
    known = {word.lower() for word in re.findall(r"[A-Za-z_]\w*", _without_literals(code or ""))}
    is_free_of_data = kind in OF_THE_QUERY
    return f"{kind}: {_kept(sentence, known, is_free_of_data)}"


def _kept(sentence: str, known: set[str], is_free_of_data: bool) -> str:
    """Word by word: what is neither the engine's nor the query's own becomes a gap."""
    words = engine_words()

    def shown(match: re.Match[str]) -> str:
        word = match.group(0)
        if word == GAP or word.lower() in words or word.lower() in known or _TYPE.fullmatch(word):
            return word
        return word if is_free_of_data and re.fullmatch(r"[A-Za-z_]\w*", word) else GAP

    gapped = re.sub(rf"[^\W_][\w@.+-]*\w|\w|{GAP}", shown, sentence)
    gapped = re.sub(rf'"[^"]*{GAP}[^"]*"', f'"{GAP}"', gapped)
    return re.sub(rf"{GAP}(?:[\s,;:/\\|@#&*+=-]*{GAP})+", GAP, gapped)


@cache
def engine_words() -> frozenset[str]:
    """The vocabulary of DuckDB's error texts."""
    return frozenset(_WORDS.read_text(encoding="utf-8").split())


def _without_literals(code: str) -> str:
    """A query without its strings and comments: no data is taken for a name."""
    return re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", " ", code, flags=re.S)


def _own_lines(message: str) -> list[str]:
    """What dbt says, without its snippet of the file and the parser's raw text."""
    kept: list[str] = []
    for line in message.splitlines():
        text = line.strip()
        if text.startswith(("Raw Error:", "-----")):
            break
        if text:
            kept.append(text)
    return kept


def _place(text: str, dbt_project_dir: Path) -> str:
    """The files that dbt names, as paths in the project, and the line."""
    files = [_in_project(name, dbt_project_dir) for name in dict.fromkeys(_FILE.findall(text))]
    line = re.search(r"\bline (\d+)", text)
    named = ", ".join(files) or "dbt_project/dbt_project.yml"
    return f"{named}, line {line.group(1)}" if line and len(files) <= 1 else named


def _asking_for(var: str, dbt_project_dir: Path) -> list[str]:
    """Files of the project that ask for a line of `vars`, as paths in the project."""
    asked = re.compile(rf"\bvar\(\s*['\"]{re.escape(var)}['\"]")
    return [
        f"dbt_project/{path.relative_to(dbt_project_dir)}"
        for folder in ("models", "macros", "tests")
        for path in sorted((dbt_project_dir / folder).rglob("*.*"))
        if path.suffix in {".sql", ".yml", ".yaml"} and asked.search(path.read_text("utf-8", "replace"))
    ]


def _in_project(name: str, dbt_project_dir: Path) -> str:
    for candidate in (name, f"models/{name}"):
        if (dbt_project_dir / candidate).exists():
            return f"dbt_project/{candidate}"
    return name
