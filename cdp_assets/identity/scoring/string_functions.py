"""What the engine's string functions mean, pinned in four scripts, so that a model never meets others than it was trained with.

DuckDB 1.x counted bytes, 2.x counts characters: the same rule then gives another level for every text beyond ASCII. The rules that
use the functions belong to comparisons and compatibility.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.context import IdentityProblem

STRING_FUNCTIONS = "characters-1"
"""Name of this meaning, kept with each model. Another meaning (of the engine, or of functions added here) gets another name."""

# (function, one text, another, its value): Latin with accents, Chinese simplified and traditional, Cyrillic, Korean.
# The similarities follow from the formulas of Jaro (1989) and Winkler (1990).
MEANING: tuple[tuple[str, str, str, float], ...] = (
    ("levenshtein", "josé", "jose", 1),
    ("levenshtein", "中山路", "中山北路", 1),
    ("levenshtein", "张三", "張三", 1),
    ("levenshtein", "иванов", "иванова", 1),
    ("levenshtein", "김민수", "김민준", 1),
    ("damerau_levenshtein", "müller", "mülelr", 1),
    ("damerau_levenshtein", "王小明", "王明小", 1),
    ("damerau_levenshtein", "陳大文", "陳文大", 1),
    ("damerau_levenshtein", "петров", "птеров", 1),
    ("damerau_levenshtein", "민수김", "민김수", 1),
    ("hamming", "müller", "miller", 1),
    ("hamming", "北京路", "南京路", 1),
    ("hamming", "臺北路", "台北路", 1),
    ("hamming", "иван", "иран", 1),
    ("hamming", "서울시", "서울로", 1),
    ("jaro_similarity", "müller", "miller", 8 / 9),
    ("jaro_similarity", "中山路", "中山北路", 11 / 12),
    ("jaro_similarity", "臺北路", "台北路", 7 / 9),
    ("jaro_similarity", "петров", "птеров", 17 / 18),
    ("jaro_similarity", "김민수", "김민준", 7 / 9),
    ("jaro_winkler_similarity", "müller", "miller", 0.9),
    ("jaro_winkler_similarity", "中山路", "中山北路", 14 / 15),
    ("jaro_winkler_similarity", "陳大文", "陳大方", 37 / 45),
    ("jaro_winkler_similarity", "иванов", "иванова", 34 / 35),
    ("jaro_winkler_similarity", "김민수", "김민준", 37 / 45),
)


def check_engine(con: duckdb.DuckDBPyConnection) -> None:
    """Raises IdentityProblem where a string function of this engine has another value than the one that the rules count on."""
    asked = ", ".join(f"{function}('{left}', '{right}')" for function, left, right, _ in MEANING)
    found = con.execute(f"select {asked}").fetchall()[0]
    strange = sorted(
        {
            function
            for (function, _, _, value), got in zip(MEANING, found, strict=True)
            if abs(float(got) - value) > 1e-9
        }
    )
    if strange:
        raise IdentityProblem(
            f"{', '.join(strange)} of DuckDB {duckdb.__version__} means something else than the matching rules count on: "
            "install the version in requirements.lock"
        )
