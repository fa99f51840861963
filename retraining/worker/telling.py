"""People are told what the watch found."""

from __future__ import annotations

from retraining.notices.telling import tell
from retraining.worker.context import AtWork


def tell_people(here: AtWork) -> str:
    """Records what is new to be told, and sends what is due; without addresses it is shown only.

    Raises:
        ConfigurationError: an address is wrong; nothing is recorded, so all is told once it is
            mended.
        RegistryError: the registry fails; the next look goes on.
    """
    return str(tell(here.registry, here.root, here.task, here.around(), now=here.clock()))
