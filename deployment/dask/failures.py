"""What goes wrong with a cluster, in words that name the setting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from model.errors import ClusterFailed


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
    except ModuleNotFoundError as error:
        raise ClusterFailed(
            f"{where}: a worker cannot import {error.name}; start workers in Farol's folder, with "
            "the same lock file (docs/dask.md)"
        ) from error
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
