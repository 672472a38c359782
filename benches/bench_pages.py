"""Script time of every page on a generation of 100,000 customers: aim under one second each.

`python benches/bench_pages.py [CUSTOMERS]`. The generation is made up from the marts' contracts, as in the pages' tests. "First"
is a page that nobody has opened in this generation yet, "again" the same page drawn once more; imports are done before, as
`onefold ui` does them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CUSTOMER = hashlib.md5(b"customer7").hexdigest()
PAGES: list[tuple[str, dict[str, str]]] = [
    ("overview", {}),
    ("customers", {}),
    ("customers", {"customer": CUSTOMER}),
    ("segments", {}),
    ("attribution", {}),
    ("identity", {}),
    ("data", {}),
]


def main() -> None:
    """Make the generation, draw every page twice and print seconds."""
    from cdp_assets.settings import Settings
    from tests.web.published_file import publish_made_up

    logging.disable(logging.CRITICAL)
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        publish_made_up(Settings(home=home, key="bench" * 8), customers=customers)
        os.environ["ONEFOLD_HOME"] = str(home)
        from cdp_assets.pages.warm_up import warm_up

        warm_up()
        print(f"{customers:,} customers, seconds of script time (processor in brackets)")
        for page, query in PAGES:
            first, again = _draw(page, query)
            print(f"  {page + (' (one)' if query else ''):<18} first {first}   again {again}")


def _draw(page: str, query: dict[str, str]) -> tuple[str, str]:
    from streamlit.testing.v1 import AppTest

    taken: list[tuple[float, float]] = []
    app = AppTest.from_function(_script, args=(page, taken), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    for _ in range(2):
        app.run()
        assert not app.exception, app.exception
    first, again = (f"{wall:5.2f} ({processor:4.2f})" for wall, processor in taken)
    return first, again


def _script(page: str, taken: list[tuple[float, float]]) -> None:
    """Draw a page and note its seconds; what the test harness adds is not the page's."""
    import importlib
    import time

    wall, processor = time.perf_counter(), time.process_time()
    importlib.import_module(f"cdp_assets.pages.{page}").render()
    taken.append((time.perf_counter() - wall, time.process_time() - processor))


if __name__ == "__main__":
    main()
