"""What goes to a worker and what is done there.

A worker writes the arguments of a task that fails into its log, and a scheduler shows them: so
they are closed here, and say nothing of the records in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from threadpoolctl import threadpool_limits

from deployment.dask.installation import differences, installation
from model.errors import ClusterFailed


@dataclass(frozen=True, slots=True)
class Closed:
    """Anything, without a word of what it is."""

    content: Any = field(repr=False)


def kept(shared: Closed) -> Closed:
    """What many tasks share, as a task: lost with its worker, the scheduler has it made again."""
    return shared


def done(
    function: Callable[[Any, Any], Any], ours: Mapping[str, str], shared: Closed, item: Closed
) -> Closed:
    """One task's work.

    Raises:
        ClusterFailed: the worker runs other code than who asks.
    """
    refuse_other(ours)
    with threadpool_limits(1, user_api="blas"):
        return Closed(function(shared.content, item.content))


def refuse_other(ours: Mapping[str, str]) -> None:
    """Accepts the installation of who asks, or raises.

    Raises:
        ClusterFailed: this worker runs another one; both are named.
    """
    if found := differences(ours, installation()):
        raise ClusterFailed(
            f"a worker of FAROL_DASK runs {found}; install the same commit and lock file there"
        )
