"""Saying who changes something outside a request: a job, or a command on the console."""

from collections.abc import Iterator
from contextlib import contextmanager

import pghistory


@contextmanager
def acting_as_job(name: str) -> Iterator[None]:
    """Sign every change made in the block with the job's name."""
    with pghistory.context(job=name):
        yield


@contextmanager
def acting_as_command(name: str) -> Iterator[None]:
    """Sign every change made in the block with the command's name."""
    with pghistory.context(command=name):
        yield


@contextmanager
def acting_for(user_id: int | None) -> Iterator[None]:
    """Sign every change made in the block with the user who asked for it, beside the job that does it."""
    with pghistory.context(user=user_id):
        yield
