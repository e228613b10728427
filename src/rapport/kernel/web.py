"""Serves the pages: granian with the WSGI interface, in processes that end with their parent."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from rapport.kernel.processes import end_with_parent

THREADS = 8
_SECONDS_TO_FINISH = 20


def serve_web(target: str, *, host: str, port: int, workers: int) -> None:
    """Serve the WSGI application `module:name` until SIGTERM; requests under way may finish."""
    parent = os.getpid()

    def load(address: str) -> Callable[..., Any]:
        # Runs in each serving process. Without this they would keep the port when their parent is killed.
        end_with_parent(parent)
        module, _, name = address.partition(":")
        application: Callable[..., Any] = getattr(import_module(module), name)
        return application

    server = Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=THREADS * 16,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=_SECONDS_TO_FINISH,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=load)
