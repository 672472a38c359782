"""The text of a drafted channel's staging models and of the YAML beside them, from the shared shapes."""

from __future__ import annotations

from typing import Any

from cdp_assets.shapes import Shape, column_lines

BANDS = ("ids", "person", "address", "times", "money", "text")


def render_models(channel: str, title: str, wanted: list[Shape]) -> str:
    """The YAML beside a channel's staging models. `title` is how prose names the channel."""
    lines = ["version: 2", "models:"]
    for shape in wanted:
        lines += [
            f"  - name: stg_{channel}__{shape.name}",
            f"    description: {_quoted(shape.description(title))}",
            "    columns:",
        ]
        lines += [line.rstrip("\n") for line in column_lines(shape).values()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render_select(channel: str, shape: Shape, expressions: dict[str, str], source: str, comment: str) -> str:
    """A staging model: `source`, then `renamed` with the columns that the channel has, then the shape, which fills the rest."""
    lines = [f"-- {comment}"] if comment else []
    lines += [
        "with",
        "",
        "source as (",
        *(f"    {line}" for line in source.splitlines()),
        "),",
        "",
        "renamed as (",
        "    select",
    ]
    filled = {**expressions, "channel": f"'{channel}'"}
    known = [column for column in shape.columns if column.name in filled]
    ordered = sorted(known, key=lambda column: BANDS.index(column.band))
    last = ""
    for position, column in enumerate(ordered):
        if column.band != last:
            lines += ([""] if last else []) + [f"        ---------- {column.band}"]
            last = column.band
        expression = filled[column.name]
        alias = "" if expression == column.name else f" as {column.name}"
        lines.append(f"        {expression}{alias}{',' if position < len(ordered) - 1 else ''}")
    lines += [
        "    from source",
        ")",
        "",
        f"select * from {{{{ in_shape('renamed', '{shape.name}') }}}} as shaped",
        "",
    ]
    return "\n".join(lines)


def titled(channel: str, purpose: Any) -> str:
    """How prose names a channel: its name and what it is for."""
    name = channel.replace("_", " ").title()
    text = str(purpose or "").strip().rstrip(".")
    return f"{name}, {text[0].lower() + text[1:]}" if text else name
