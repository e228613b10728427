"""Work that is done later: deferred with the change that caused it, retried, never lost."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

P = ParamSpec("P")
R = TypeVar("R")

# Waits 2, 4, 8 ... seconds; eight attempts reach about eight minutes.
RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)


def job(
    *, queue: str = "default", lock: str | None = None, queueing_lock: str | None = None, priority: int = 0
) -> Callable[[Callable[P, R]], Task[P, R, P]]:
    """Make a function a job: `function.defer(...)` puts it on the queue in the current transaction.

    A job may run more than once when a worker dies, so it must be harmless when repeated. The higher its
    priority, the sooner it is taken.
    """

    def decorate(function: Callable[P, R]) -> Task[P, R, P]:
        made: Any = app.task(
            queue=queue,
            lock=lock,
            queueing_lock=queueing_lock,
            retry=RETRY,
            priority=priority,
            name=f"{function.__module__}.{function.__name__}",
        )(function)
        return made  # type: ignore[no-any-return]

    return decorate


def periodic(cron: str) -> Callable[[Callable[[int], R]], Any]:
    """Make a function a job that runs by the clock; it gets the due time as a Unix timestamp."""

    def decorate(function: Callable[[int], R]) -> Any:
        name = f"{function.__module__}.{function.__name__}"
        return app.periodic(cron=cron)(app.task(queueing_lock=name, name=name)(function))

    return decorate
