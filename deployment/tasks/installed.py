"""The tasks that this host works on, and where each is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deployment.home import RETIRED_FILE, TASK_FILE
from deployment.settings import Settings
from deployment.tasks.limits import require_fit
from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec, parse_task, task_text


@dataclass(frozen=True)
class InstalledTask:
    """One task of this installation.

    Attributes:
        settings: of the installation; their `task` is this one.
        text: the TaskSpec as YAML.
    """

    settings: Settings
    text: str

    @cached_property
    def spec(self) -> TaskSpec:
        """The TaskSpec.

        Raises:
            ConfigurationError: a key of it is wrong.
        """
        return parse_task(self.text, source=self.settings.task)

    @property
    def name(self) -> str:
        """The task's name."""
        return self.spec.name

    @property
    def home(self) -> Path:
        """Where this host keeps what is the task's own."""
        return self.settings.home_of(self.name)

    @property
    def source(self) -> str:
        """What `deployment.tasks add` is given: its file, or what a retirement has made of it."""
        retired = self.home / RETIRED_FILE
        moved = Path(self.settings.task) == self.home / TASK_FILE and retired.is_file()
        return str(retired) if moved else self.settings.task

    def read_again(self) -> InstalledTask:
        """The task as its file says now.

        Raises:
            ConfigurationError: it is gone, a key of it is wrong, or it is another task's now.
        """
        read = installed(self.settings.of_task(self.settings.task))
        if read.name != self.name:
            raise ConfigurationError(
                f"{read.settings.task} was of task {self.name!r} and is of {read.name!r} now; "
                "change `name:` back, or start Farol again (make run)"
            )
        return read


def installed(settings: Settings) -> InstalledTask:
    """The task that the settings name.

    Raises:
        ConfigurationError: there is no such task, or a key of it is wrong.
    """
    return InstalledTask(settings, task_text(settings.task))


def all_installed(settings: Settings) -> tuple[InstalledTask, ...]:
    """Every task that this host serves, the default one first.

    Raises:
        ConfigurationError: there is no such task, a key of one is wrong, two are of one name, or
            they are more than the embedded server takes.
    """
    found: dict[str, InstalledTask] = {}
    for named in settings.tasks:
        task = installed(settings.of_task(named))
        other = found.setdefault(task.name, task)
        if other.text != task.text:
            raise ConfigurationError(
                f"FAROL_TASKS: {other.settings.task} and {named} are both called {task.name!r} and "
                "differ; give one of them another name"
            )
    require_fit(settings, "what FAROL_TASKS names", found)
    return tuple(found.values())


def of_name(settings: Settings, wanted: str) -> Settings:
    """The settings for a command that was asked for a task by `--task`.

    Args:
        settings: of the installation.
        wanted: the name of a task that this host serves or that ships with Farol, or a path.

    Raises:
        ConfigurationError: a task of this host cannot be read.
    """
    for named in settings.tasks:
        own = settings.of_task(named)
        if named == wanted or installed(own).name == wanted:
            return own
    return settings.of_task(wanted)
