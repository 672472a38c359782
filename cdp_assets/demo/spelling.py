"""How a name comes out of a keyboard: pinyin, nicknames, maiden names, initials and slips.

One spelling per document key, so that an account keeps its spelling from export to export. Which documents
exist belongs to `identities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    from cdp_assets.demo.parameters import Parameters

Script = Literal["latin", "hanzi"]


def _slip(name: str, document: str) -> str:
    """Two neighbouring letters exchanged, never the first."""
    position = f"(2 + pick('slip place', {document}, greatest(length({name}) - 2, 1)))::int"
    return (
        f"left({name}, {position} - 1) || substr({name}, {position} + 1, 1) || substr({name}, {position}, 1) "
        f"|| substr({name}, {position} + 2)"
    )


def spelled(
    source: str, document: str, script: Script, parameters: Parameters, *, maiden: bool = False
) -> str:
    """SELECT over `source` (`persons` columns), adding shown_given, shown_family, shown_name, name_traps.

    `document` is a SQL expression: rows with equal documents are spelled alike. With script 'latin' most
    Chinese names come in pinyin, with 'hanzi' none does. `maiden` lets women who married under another name
    keep the former one.
    """
    rates = parameters.traps["identities"]
    pinyin = f"lang = 'zh' and u('pinyin', {document}) < {rates['pinyin']}" if script == "latin" else "false"
    old_name = "is_married_name" if maiden else "false"
    return from_file(
        __name__,
        "spelled",
        pinyin=pinyin,
        document=document,
        rates=rates,
        old_name=old_name,
        slip=_slip("right_family", document),
        source=source,
    )


def placeholder(kind: Literal["phone", "email"], document: str, parameters: Parameters) -> str:
    """SQL: a placeholder value typed into this document instead of the truth, or null."""
    values = [str(value) for value in parameters.traps["placeholders"][f"{kind}s"]]
    listed = "[" + ", ".join(f"'{value}'" for value in values) + "]"
    rate = parameters.rate("identities", f"placeholder_{kind}")
    # the first of the list is by far the commonest
    return (
        f"if(u('no {kind}', {document}) < {rate}, "
        f"{listed}[1 + floor(pow(u('which {kind}', {document}), 3) * {len(values)})::int], null)"
    )
