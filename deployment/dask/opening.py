"""The cluster's workers where an operator asked for them; this process where not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from deployment.settings import Settings
from model.computing.pool import HERE, Pool
from model.errors import ConfigurationError


@contextmanager
def pool(settings: Settings) -> Iterator[Pool]:
    """Where work that can be done side by side is done: as `FAROL_DASK` says.

    The cluster is not asked for before there is work: a run that fails to reach it is recorded.

    Raises:
        ConfigurationError: it is set, and Dask is not installed.
    """
    if settings.dask is None:
        yield HERE
        return
    if find_spec("distributed") is None:
        raise ConfigurationError("FAROL_DASK needs Dask: make setup-scale")
    # It brings scikit-learn along, which a drift check does without.
    from deployment.dask.cluster import Cluster

    with Cluster(settings.dask) as cluster:
        yield cluster
