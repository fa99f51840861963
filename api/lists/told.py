"""Published lists in the words of an answer, as far as a key may see them."""

from __future__ import annotations

from api.answers.filled import filled
from api.answers.lists import ListedRowFields, PublishedAnswer
from api.lists.budgets import visible
from api.units import UnitLimit
from model.lists.published import ListedRow, PublishedList
from preprocessing.student_ids import sent_id
from preprocessing.task.spec import TaskSpec


def told_list(published: PublishedList, limit: UnitLimit | None) -> PublishedAnswer:
    """A list without its rows.

    Args:
        published: the list.
        limit: of the key; what is of other units is left out, and not counted.
    """
    rooms = [one for one in published.lanes if limit is None or limit.admits(one.unit)]
    strata = {one.stratum for one in rooms}
    return filled(
        PublishedAnswer,
        published,
        budgets=visible(published.budgets, limit),
        lanes=rooms,
        places={name: places for name, places in published.places if name in strata},
        students=sum(one.students for one in rooms),
    )


def told_row(task: TaskSpec, row: ListedRow) -> ListedRowFields:
    """A student on a published list, under the id that schools know."""
    return filled(ListedRowFields, row, student_id=sent_id(task, row.student_id))
