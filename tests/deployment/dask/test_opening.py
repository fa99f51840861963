"""Whether a cluster is asked at all."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from deployment.dask.installation import ROOMS, differences, installation
from deployment.dask.opening import pool
from deployment.settings import Settings, load_settings
from model.computing.pool import HERE
from model.errors import ConfigurationError
from tests.architecture.imports import ROOT, modules_of_the_product

ALONE = """
import sys
from deployment.dask.opening import pool
from deployment.settings import load_settings
import drift.check
assert "sklearn" not in sys.modules
import retraining.pipeline
with pool(load_settings({"FAROL_HOME": sys.argv[1]})) as workers:
    assert list(workers.each(pow, 2, [1, 3])) == [2, 8] and not workers.ready()
assert not [name for name in sys.modules if name.split(".")[0] in {"dask", "distributed"}]
assert "deployment.dask.cluster" not in sys.modules
"""


def settings(home: Path, address: str) -> Settings:
    return load_settings({"FAROL_HOME": str(home), "FAROL_DASK": address})


def test_without_the_setting_nothing_is_imported_for_dask(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ALONE, str(tmp_path)], cwd=ROOT, check=True)


def test_an_empty_setting_is_none(tmp_path: Path) -> None:
    with pool(settings(tmp_path, "")) as workers:
        assert workers is HERE


@pytest.mark.parametrize("address", ["http://host:8786", "tcp://host", "tcp://me:pw@host:8786"])
def test_an_address_that_is_none_is_refused_by_name(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="FAROL_DASK="):
        settings(tmp_path, address)


@pytest.mark.skipif(find_spec("distributed") is not None, reason="Dask is installed here")
def test_where_dask_is_not_installed_the_target_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="FAROL_DASK needs Dask: make setup-scale"),
        pool(settings(tmp_path, "tcp://127.0.0.1:8786")),
    ):
        pass


def test_all_code_that_a_task_may_run_is_compared() -> None:
    product = modules_of_the_product()
    waiting = [module for module in product if module.startswith("deployment.dask.")]
    reached = set(waiting)
    while waiting:
        new = product[waiting.pop()] - reached
        reached |= new
        waiting += new

    assert "api.bulk.results" in reached
    assert {module.split(".")[0] for module in reached} <= set(ROOMS)


def test_code_and_libraries_tell_installations_apart() -> None:
    ours = installation()

    assert {"Farol's code", "Python", "numpy", "lightgbm"} <= ours.keys()
    assert differences(ours, dict(ours)) == ""
    assert differences(ours, {**ours, "numpy": "1.0"}).startswith("numpy 1.0 instead of")
