"""Whether the help helps, as last measured."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.helping.effect import SUBJECT, EffectReport


class EffectRepository(Repository[EffectReport]):
    """The report on what the help did, as last measured."""

    collection = "effect_reports"
    record = EffectReport
    key = "subject"
    missing = "report on the help's effect of {}"

    def current(self) -> Op[EffectReport | None]:
        """What was measured last; None before anything was.

        Raises:
            RegistryError: the document cannot be read.
        """
        return (yield from self.find(SUBJECT))

    def put(self, measured: EffectReport) -> Op[None]:
        """Keeps what was measured in the place of what was there.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(measured)
