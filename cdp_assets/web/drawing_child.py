"""The process that draws (`drawer` starts it): reads charts as lines of JSON, answers each with its size and its bytes; 0 where it fails.

It loads nothing of the site. It ends with its input, so it does not outlive who started it.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    import vl_convert

    for line in sys.stdin.buffer:
        try:
            drawn = _drawn(vl_convert, json.loads(line))
        except Exception:  # the engine's messages quote the chart: the other side says that it was not drawn
            drawn = b""
        sys.stdout.buffer.write(b"%d\n" % len(drawn) + drawn)
        sys.stdout.buffer.flush()


def _drawn(engine: Any, asked: dict[str, Any]) -> bytes:
    if asked["form"] == "script":
        return str(engine.javascript_bundle("window.vegaEmbed = vegaEmbed;")).encode()
    given = {
        "format_locale": asked["number"],
        "time_format_locale": asked["time"],
        "allowed_base_urls": [],
    }
    if asked["form"] == "png":
        return bytes(engine.vegalite_to_png(asked["chart"], scale=2, **given))
    return str(engine.vegalite_to_svg(asked["chart"], **given)).encode()


if __name__ == "__main__":
    main()
