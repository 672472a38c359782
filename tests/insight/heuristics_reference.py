"""The heuristic attribution models in plain Python, one touch at a time: what the SQL models must say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

Path = Sequence[str]


def first_touch(path: Path) -> list[float]:
    return [1.0] + [0.0] * (len(path) - 1)


def last_touch(path: Path) -> list[float]:
    return [0.0] * (len(path) - 1) + [1.0]


def last_non_direct(path: Path, direct: str = "direct") -> list[float]:
    """The last touch that is not direct; the last touch where all are."""
    others = [place for place, channel in enumerate(path) if channel != direct]
    chosen = others[-1] if others else len(path) - 1
    return [1.0 if place == chosen else 0.0 for place in range(len(path))]


def linear(path: Path) -> list[float]:
    return [1.0 / len(path)] * len(path)


def position_based(path: Path) -> list[float]:
    """40 % first, 40 % last, 20 % shared by those between; half each of two; all to one."""
    if len(path) == 1:
        return [1.0]
    if len(path) == 2:
        return [0.5, 0.5]
    return [0.4, *[0.2 / (len(path) - 2)] * (len(path) - 2), 0.4]


def time_decay_by_touch(path: Path, half_life: float = 1.0) -> list[float]:
    """Weight halves with every `half_life` touches before the last."""
    weights = [0.5 ** ((len(path) - 1 - place) / half_life) for place in range(len(path))]
    return [weight / sum(weights) for weight in weights]


MODELS: dict[str, Callable[[Path], list[float]]] = {
    "first": first_touch,
    "last": last_touch,
    "last_non_direct": last_non_direct,
    "linear": linear,
    "position_based": position_based,
    "time_decay_touch_hl1": time_decay_by_touch,
}


def credit_by_channel(paths: Sequence[Path], amounts: Sequence[float], model: str) -> dict[str, float]:
    """Credit of each channel: every path's amount split by the model."""
    credited: dict[str, float] = defaultdict(float)
    for path, amount in zip(paths, amounts, strict=True):
        for channel, share in zip(path, MODELS[model](path), strict=True):
            credited[channel] += share * amount
    return dict(credited)
