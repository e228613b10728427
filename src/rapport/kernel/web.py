"""Serves the pages: granian with the WSGI interface, in processes that end with their parent."""

import gc
import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.core.checks.urls import check_url_config
from django.db import connections
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from rapport.kernel.processes import end_with_parent

THREADS = 8
_SECONDS_TO_FINISH = 20


def serve_web(target: str, *, host: str, port: int, workers: int) -> None:
    """Serve the WSGI application `module:name` until SIGTERM; requests under way may finish."""
    parent = os.getpid()
    application = _preloaded(target)

    def hand_over(address: str) -> Callable[..., Any]:
        # Runs in each serving process. Without this they would keep the port when their parent is killed.
        end_with_parent(parent)
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
    server.serve(target_loader=hand_over)


def _preloaded(target: str) -> Callable[..., Any]:
    """Load the application once, before it is forked: quicker, smaller, and no first visitor has to wait."""
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(import_module(module), name)
    # Django reads its addresses, and with them most of the code, only when they are first asked for.
    check_url_config(None)
    # Connections do not survive a fork.
    connections.close_all()
    gc.freeze()
    return application
