"""Pictures for the metadata of assets: real PNGs, small enough to be kept with every run, made of counts and weights only."""

from __future__ import annotations

import io

import duckdb
from PIL import Image

from cdp_assets.identity.scoring.comparisons import COMPARISONS
from cdp_assets.identity.scoring.model import Model
from cdp_assets.operations import pictures

KEPT_EVERY_NIGHT_BYTES = 60_000


def darkest_cell(png: bytes) -> tuple[float, float]:
    """Where the darkest blue lies, as shares of width and height."""
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        colours = picture.convert("RGB")
        width, height = colours.size
        blues = {
            (x, y): sum(colours.getpixel((x, y)))  # type: ignore[arg-type]
            for x in range(0, width, 4)
            for y in range(0, height, 4)
            if colours.getpixel((x, y))[2] > 1.5 * colours.getpixel((x, y))[0] + 20  # type: ignore[index]
        }
    x, y = min(blues, key=lambda place: blues[place])
    return x / width, y / height


def test_the_rfm_grid_is_darkest_where_most_customers_are() -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        "create table marts.customer_rfm as "
        "select unnest([5, 5, 5, 1, 3]) as recency_score, unnest([5, 5, 5, 1, 2]) as frequency_score"
    )
    png = pictures.rfm_grid(con)
    x, y = darkest_cell(png)
    assert x > 0.6
    assert y < 0.4
    assert len(png) < KEPT_EVERY_NIGHT_BYTES


def test_an_empty_grid_can_be_drawn() -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute("create table marts.customer_rfm (recency_score integer, frequency_score integer)")
    assert pictures.rfm_grid(con).startswith(b"\x89PNG")


def test_the_match_weights_of_a_model_are_drawn() -> None:
    half = {"m": 0.5, "u": 0.01}
    levels = {each.name: {level.name: half for level in each.levels} for each in COMPARISONS}
    png, without = (
        pictures.match_weights(Model("one", "prior", {"comparisons": each}, is_new=False))
        for each in (levels, {})
    )
    assert len(without) < len(png) < KEPT_EVERY_NIGHT_BYTES
