"""A home of a release that knew one task becomes the home of that task among others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from api.durability.outbox import Outbox, waiting
from deployment.settings import Settings, load_settings
from deployment.tasks.takeover import OWN, take_over
from deployment.wiring import private_settings
from model.errors import ConfigurationError
from model.live.folder import LiveModel
from tests.api.bundles import Archive, archive


def of_before(home: Path, task: str = "") -> Settings:
    """A home as the release before had it: everything at its top."""
    home.mkdir(exist_ok=True)
    Outbox(home / "outbox" / "slot-0.sqlite").close()
    (home / "tuning").mkdir()
    (home / "host.id").write_text("abc", "ascii")
    (home / "workers").mkdir()
    if task:
        made = Archive(archive().data, task=task)
        live = LiveModel(home)
        live.prepare()
        live.publish(made.statement("v1"), made.signature("v1"), made.data, 1, check=lambda _: None)
    return load_settings({"FAROL_HOME": str(home)})


def test_everything_of_the_task_moves_into_its_folder(tmp_path: Path) -> None:
    settings = of_before(tmp_path)

    moved = take_over(settings, lambda: "pede_lag")

    own = settings.home_of("pede_lag")
    assert set(moved) == {"outbox", "tuning", "host.id"}
    assert waiting(own / "outbox") == 0
    assert not [name for name in OWN if (tmp_path / name).exists()]


def test_the_live_models_own_task_decides_and_not_the_default_one(tmp_path: Path) -> None:
    settings = of_before(tmp_path, task="exam_scores")

    take_over(settings, lambda: "pede_lag")

    current = LiveModel(settings.home_of("exam_scores")).current()
    assert current is not None
    assert current.version == "v1"
    assert LiveModel(settings.home_of("pede_lag")).current() is None


def test_every_command_takes_over_by_itself(tmp_path: Path) -> None:
    of_before(tmp_path)

    settings = private_settings({"FAROL_HOME": str(tmp_path)})

    assert (settings.home_of("pede_lag") / "outbox" / "slot-0.sqlite").exists()


def test_a_second_start_moves_nothing(tmp_path: Path) -> None:
    settings = of_before(tmp_path)
    take_over(settings, lambda: "pede_lag")

    assert take_over(settings, lambda: "pede_lag") == ()


def test_an_interrupted_move_is_finished(tmp_path: Path) -> None:
    settings = of_before(tmp_path)
    own = settings.home_of("pede_lag")
    own.mkdir(parents=True)
    (tmp_path / "outbox").rename(own / "outbox")  # and then the power went

    assert set(take_over(settings, lambda: "pede_lag")) == {"tuning", "host.id"}


@pytest.mark.parametrize("moves", range(4))
def test_a_move_that_was_interrupted_anywhere_ends_in_the_task_of_the_live_model(
    tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = of_before(tmp_path, task="exam_scores")
    rename, left = Path.rename, iter([True] * moves)

    def until_the_power_goes(path: Path, target: Path) -> Path:
        if not next(left, False):
            raise OSError("the power is gone")
        return rename(path, target)

    with monkeypatch.context() as broken, pytest.raises(OSError, match="power"):
        broken.setattr(Path, "rename", until_the_power_goes)
        take_over(settings, lambda: "pede_lag")
    take_over(settings, lambda: "pede_lag")

    assert not settings.home_of("pede_lag").exists()
    assert (settings.home_of("exam_scores") / "outbox").exists()


@pytest.mark.parametrize("lock", ["workers/slot-0.lock", "retraining.lock"])
def test_nothing_moves_under_a_process_of_before(tmp_path: Path, lock: str) -> None:
    settings = of_before(tmp_path)
    with (
        FileLock(tmp_path / lock),
        pytest.raises(ConfigurationError, match="still used by an earlier release"),
    ):
        take_over(settings, lambda: "pede_lag")

    assert (tmp_path / "outbox").exists()


def test_of_several_processes_that_start_at_once_one_moves(tmp_path: Path) -> None:
    settings = of_before(tmp_path)
    found: list[tuple[str, ...]] = []
    starts = [
        threading.Thread(target=lambda: found.append(take_over(settings, lambda: "pede_lag")))
        for _ in range(8)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()

    assert sorted(map(len, found)) == [0] * 7 + [3]
