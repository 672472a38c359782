"""What `onefold web` becomes: the process that holds the address and starts the workers. It loads nothing that only they need."""

from __future__ import annotations

import sys

import uvicorn


def main() -> None:
    host, port, workers = sys.argv[1:]
    uvicorn.run(
        "cdp_assets.web.application:create_app", factory=True, host=host, port=int(port), workers=int(workers),
        log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        timeout_keep_alive=75,  # longer than a proxy keeps a connection (nginx: 60 s): the site never hangs up first
    )  # fmt: skip


if __name__ == "__main__":
    main()
