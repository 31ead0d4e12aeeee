"""Start the vector server: `python -m core.stack.vectors FOLDER PORT`, with QDRANT_API_KEY where one is wanted."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from pathlib import Path

from core.stack.vectors.catalog import Catalog
from core.stack.vectors.http import VectorServer
from core.stop import Stop

FLUSH_SECONDS = 15.0  # writes stand still meanwhile; what was acknowledged is in the log before


def main(folder: str, port: str) -> None:
    """Serve until SIGTERM or SIGINT, then write everything down."""
    try:
        catalog = Catalog(Path(folder))
    except BlockingIOError:
        sys.exit(f"another vector server has {folder} open")
    server = VectorServer(("127.0.0.1", int(port)), catalog, os.environ.get("QDRANT_API_KEY") or None)
    ended = threading.Event()
    threading.Thread(target=_flush, args=(catalog, ended), daemon=True).start()
    stop = Stop()
    stop.told_by(signal.SIGTERM, signal.SIGINT)
    stop.then(server.shutdown)  # in a thread, for it waits for the loop that the signal interrupts
    server.serve_forever(poll_interval=0.1)
    ended.set()
    server.server_close()
    catalog.close()


def _flush(catalog: Catalog, ended: threading.Event) -> None:
    while not ended.wait(FLUSH_SECONDS):
        try:
            catalog.flush()
        except Exception:  # a full disk now may have room at the next turn
            traceback.print_exc()


if __name__ == "__main__":
    main(*sys.argv[1:])
