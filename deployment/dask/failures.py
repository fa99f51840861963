"""What goes wrong with a cluster, in words that name the setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from model.errors import ClusterFailed

NO_MODULE = re.compile(r"No module named '([\w.]+)'")


@contextmanager
def clear_failures(address: str) -> Iterator[None]:
    """Raises what Dask and the network raise as `ClusterFailed`.

    Args:
        address: of the scheduler.

    Raises:
        ClusterFailed: the scheduler or the workers cannot be reached or used.
    """
    import distributed

    where = f"FAROL_DASK={address}"
    try:
        yield
    except TypeError as error:
        if "ssl_context" not in str(error):
            raise
        raise ClusterFailed(
            f"{where}: no certificates; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and what else "
            "docs/dask.md names for tls://"
        ) from error
    except distributed.KilledWorker as error:
        raise ClusterFailed(
            f"{where}: workers died of one and the same task, {error.allowed_failures + 1} times "
            "over; are they short of memory?"
        ) from error
    except (OSError, TimeoutError, CancelledError) as error:
        raise ClusterFailed(
            f"{where}: the scheduler or its workers do not answer ({type(error).__name__}); is "
            "`dask scheduler` running there, and at least one worker?"
        ) from error
    except Exception as error:
        # Dask's own, with the worker's as text, where the scheduler met it first.
        if (unknown := NO_MODULE.search(str(error))) is None:
            raise
        raise ClusterFailed(
            f"{where}: a worker cannot import {unknown[1]}; start workers in Farol's folder, with "
            "the same lock file (docs/dask.md)"
        ) from error
