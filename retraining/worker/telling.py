"""People are told what the watch found."""

from __future__ import annotations

from retraining.notices.telling import surroundings, tell
from retraining.worker.context import AtWork

NOBODY = "a worker without addresses"


def tell_people(here: AtWork) -> str:
    """Records what is new to be told, and sends what is due; without addresses it is shown only.

    Raises:
        RegistryError: the registry fails; the next look goes on.
    """
    around = here.around or surroundings("", here.task.name, here.signing_key, holder=NOBODY)
    return str(tell(here.registry, here.root, here.task, around, now=here.clock()))
