"""A run on all labels of the registry whose model two workers learn together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: make setup-scale")

from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.promotions import PromotionRepository
from deployment.dask.__main__ import main
from deployment.exit_codes import ExitCode
from deployment.wiring import registry, settings_from_environment
from tests.deployment.dask.processes import started
from tests.retraining import school

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncRegistry]:
    """A registry with labels, and two workers that the environment names."""
    home = tmp_path / "home"
    (tmp_path / "school.yaml").write_text(school.TASK)
    monkeypatch.setenv("FAROL_HOME", str(home))
    monkeypatch.setenv("FAROL_TASK", str(tmp_path / "school.yaml"))
    monkeypatch.delenv("MONGO_URI", raising=False)
    with started(tmp_path / "cluster") as cluster:
        monkeypatch.setenv("FAROL_DASK", cluster.address)
        with registry(settings_from_environment()) as opened:
            school.teach(opened, "2022", school.READING, n=1_500)
            yield opened
    lifecycle.stop(home)


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_the_first_champion_is_learned_by_two_workers_and_judged_on_students_held_out(
    opened: SyncRegistry, tmp_path: Path, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "files"
    files.mkdir()

    asked = ["run", "--family", family, "--partition", "300", "--folder", str(files)]
    assert main(asked) == ExitCode.DONE

    assert "v1 serves now" in capsys.readouterr().out
    (decision,) = opened.run(PromotionRepository().newest(5))
    assert (decision.challenger, decision.champion) == ("v1", None)
    assert list(files.iterdir()) == [], "no file of students is left"
