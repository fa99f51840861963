"""How many students the schools can help, as they have said it."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.errors import Conflict
from model.lists.budget import SUBJECT, BudgetSettings
from model.lists.published import ListBudget


class BudgetRepository(Repository[BudgetSettings]):
    """The budgets that were set, under `SUBJECT`; nothing before anybody sets one."""

    collection = "list_budgets"
    record = BudgetSettings
    key = "subject"
    missing = "budgets {}"

    def all(self) -> Op[list[ListBudget]]:
        """Every budget that was set.

        Raises:
            RegistryError: they cannot be read.
        """
        settings = yield from self.find(SUBJECT)
        return [] if settings is None else list(settings.budgets)

    def put(self, settings: BudgetSettings) -> Op[None]:
        """Stores the budgets in the place of the revision that was read.

        Args:
            settings: with the revision that was read; 0 where nothing was stored.

        Raises:
            Conflict: somebody else has changed them meanwhile.
        """
        if not (yield from self._swap(self._document(settings), read=settings.revision)):
            raise Conflict("somebody else has just changed the budgets; read them again")
