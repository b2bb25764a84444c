"""`waymark serve` on a free port, for the pictures and the measurements."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from serving import CHROMIUM, ROOT


@contextmanager
def waymark_serve() -> Iterator[str]:
    """The address of the running assistant; it ends with the block."""
    if not CHROMIUM:
        sys.exit("There is no Chromium here. Run 'make browser' first.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "waymark.cli", "serve"], cwd=ROOT, env={**os.environ, "PORT": str(port)}
    )
    try:
        _wait_until_ready(port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_ready(port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    sys.exit("The server did not become ready in five minutes.")
