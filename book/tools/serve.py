"""Serve the built book on localhost until Ctrl-C; a port in use gives way to the next free one.

python book/tools/serve.py [--port 8000]
"""

from __future__ import annotations

import argparse
import errno
import functools
import http.server
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files with the right types, no log of every request, no directory listings."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".ipynb": "application/x-ipynb+json",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def list_directory(self, path: object) -> None:
        """Answer 404 where there is no index page."""
        self.send_error(404)


def server(folder: Path, port: int, tries: int = 100) -> http.server.ThreadingHTTPServer:
    """Return a server on the first free port from `port` on (0: any).

    Raises
    ------
    SystemExit
        If none of `tries` ports is free.
    """
    handler = functools.partial(Handler, directory=str(folder))
    for candidate in range(port, port + tries):
        try:
            return http.server.ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    sys.exit(f"serve: no free port between {port} and {port + tries - 1}; try --port")


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8000)
    port = options.parse_args().port
    if not (SITE / "index.html").exists():
        sys.exit("serve: the book is not built: run `make serve`, which builds it first")
    with server(SITE, port) as httpd:
        try:  # from the moment that somebody can read how to end it
            print(f"The book is at http://localhost:{httpd.server_address[1]}/ (Ctrl-C ends)", flush=True)
            httpd.serve_forever()
        except KeyboardInterrupt:
            print("\nGoodbye.")


if __name__ == "__main__":
    main()
