"""A Chromium of the machine, a served home, and what a page is looked at for; used by the browser tests."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from cdp_assets.settings import Settings
from cdp_assets.web.application import create_app

WIDTHS = (390, 768, 1280, 1920)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What may stand in Latin letters on a Chinese page: products, formats, models and units of the field.
LATIN = {
    "gamma-gamma", "iso", "sha", "dbt", "onefold", "csv", "svg", "png", "parquet", "sql", "rfm", "nbd", "gamma", "utc", "usd", "cny", "eur",
    "duckdb", "markov", "shapley", "gpc", "gpp", "usp", "tcf", "poisson", "select", "none", "wilson", "marts",
}  # fmt: skip

SIZES = """() => {
  const bad = [], wide = innerWidth;
  if (document.documentElement.scrollWidth > wide) bad.push('the page is ' + document.documentElement.scrollWidth + ' wide');
  for (const el of document.querySelectorAll('header *, main *, footer *')) {
    const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || el.closest('.visually-hidden, option, svg, .skip, script, datalist')) continue;
    if (el.closest('details:not([open])') && !el.closest('summary')) continue;
    const box = el.getBoundingClientRect();
    if (!box.width) continue;
    const style = getComputedStyle(el), text = el.textContent.trim().slice(0, 60);
    const within = el.closest('.scroll');
    if (!within && (box.right > wide + 1 || box.left < -1)) bad.push('beyond the edge: ' + text);
    const scrolls = el.matches('.scroll, .records, textarea, select');
    if (style.display !== 'inline' && style.overflowX !== 'visible' && !scrolls && el.scrollWidth > el.clientWidth + 1) bad.push('cut: ' + text);
    if (within && el.matches('td, th') && el.scrollWidth > el.clientWidth + 1) bad.push('cut in its cell: ' + text);
  }
  for (const el of document.querySelectorAll('main button, main .button, main select, main input')) {
    const box = el.getBoundingClientRect();
    if (box.width && box.right > wide + 1 && !el.closest('.scroll')) bad.push('control beyond the edge: ' + (el.name || el.textContent));
  }
  return [...new Set(bad)];
}"""

WORDS = """() => {
  const found = [];
  const skipped = (el) => el.closest('[translate=no], script, style, code, [lang]:not(html)');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (walk.currentNode.textContent.trim() && !skipped(el)) found.push(walk.currentNode.textContent.trim());
  }
  for (const el of document.querySelectorAll('[aria-label], [alt], [title], [placeholder]')) {
    if (skipped(el)) continue;
    for (const name of ['aria-label', 'alt', 'title', 'placeholder']) if (el.getAttribute(name)) found.push(name === 'alt' ? el.alt.split('. ')[0] : el.getAttribute(name));
  }
  return [document.title, ...found];
}"""

# Texts of a page's charts that overlap or leave their picture, as it is drawn at the window's width.
CROWDED = """async () => {
  const bad = [], place = document.createElement('div');
  document.body.append(place);
  for (const img of document.querySelectorAll('figure.picture img')) {
    img.loading = 'eager';
    await img.decode();
    place.innerHTML = await (await fetch(img.currentSrc)).text();
    const svg = place.querySelector('svg'), scale = img.getBoundingClientRect().width / svg.getBoundingClientRect().width;
    if (scale < 0.75) bad.push(img.alt.slice(0, 40) + ': drawn at ' + scale.toFixed(2));
    const frame = svg.getBoundingClientRect();
    const written = [...svg.querySelectorAll('text')].filter((el) => el.textContent.trim() && el.getAttribute('opacity') !== '0');
    const boxes = written.map((el) => [el.textContent, el.getBoundingClientRect(), el.getAttribute('transform')]);
    for (const [words, box] of boxes) if (box.right > frame.right + 2 || box.left < frame.left - 2) bad.push(img.alt.slice(0, 40) + ': leaves it: ' + words);
    const level = boxes.filter(([, , turned]) => !/rotate/.test(turned || ''));
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
    level.forEach(([words, a], at) => {
      for (const [others, b] of level.slice(at + 1)) if (meet(a, b)) bad.push(img.alt.slice(0, 40) + ': ' + words + ' on ' + others);
    });
  }
  place.remove();
  return [...new Set(bad)].slice(0, 12);
}"""


def chromium() -> str:
    """Path of a Chromium; skips where there is none."""
    pytest.importorskip("playwright.sync_api", reason="skipped: playwright is not installed (extra dev)")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"skipped: no browser on this machine ({', '.join(NAMES)})")
    return found


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The site on a free port; yields its address."""
    config = uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def cut(page: Any, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What is cut or beyond the edge of the page at some widths."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {each}" for each in page.evaluate(SIZES)]
    return found


def crowded(page: Any, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """Texts of the page's charts that overlap or leave their picture at some widths."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.reload()
        found += [f"{width}: {each}" for each in page.evaluate(CROWDED)]
    return found


def untranslated(page: Any, language: str) -> list[str]:
    """Texts in the wrong language: Latin words on a Chinese page, Chinese or a bare code on an English one."""
    return sorted({text for text in page.evaluate(WORDS) if is_foreign(text, language)})


def is_foreign(text: str, language: str) -> bool:
    if language == "en":
        return bool(
            re.search(r"[\u4e00-\u9fff]", text.replace("张*", "")) or re.fullmatch(r"[a-z]+(_[a-z]+)+", text)
        )
    plain = re.sub(
        r"HOME/\S+|data/reference/\S+|\S+@\S+|onefold [a-z-]+( [a-z-]+)?|America/\w+|[\w.]+\.csv|g\d{6}|marts\.\w+|vars\.\w+|\bid\b|[a-z]+_[a-z_]+",
        " ",
        text,
    )
    words = re.findall(r"[A-Za-z][A-Za-z'-]{2,}", plain)
    return any(word.lower().strip("'-") not in LATIN for word in words)


def accessibility(page: Any) -> list[str]:
    """What axe-core finds: rule, how bad, and the first place."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [
        f"{each['id']} ({each['impact']}): {json.dumps(each['nodes'][0]['html'])[:160]}"
        for each in found.response["violations"]
    ]
