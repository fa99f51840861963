"""Where searches keep what they have tried, so that a run that was killed goes on where it was."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True, slots=True)
class Studies:
    """One file a search, named by everything the search depends on.

    Attributes:
        folder: where the files are; None keeps searches in memory. One process at a time uses it:
            the caller holds the lock of the run.
    """

    folder: Path | None = None

    def open(self, name: str) -> optuna.Study:
        """The search of that name, as far as it came; a file that cannot be read begins anew."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        if self.folder is None:
            return optuna.create_study(direction="maximize")
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.jsonl"
        try:
            study = _load(path, name)
        except (ValueError, KeyError):
            # Cut off in the middle of a line; what was tried is only time lost.
            path.unlink()
            study = _load(path, name)
        _give_up_running(study)
        return study

    def clear(self) -> None:
        """Forgets all searches: the run they belong to has ended, or never came back."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _load(path: Path, name: str) -> optuna.Study:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    backend = JournalFileBackend(str(path), lock_obj=_NoLock())  # type: ignore[arg-type]
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )


class _NoLock:
    """Optuna's own lock is a file that a killed process leaves behind."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None


def _give_up_running(study: optuna.Study) -> None:
    """A trial still running was killed; it is tried again under a new number."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
