"""What is answered about what was done for students, and the help that they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.helping.action import ActionKind
from model.helping.progress import IndicatorChange
from model.student import Value


class ActionFields(TypedDict):
    """What somebody did on seeing a student on the list.

    Attributes:
        period: of the list.
        by: the name of who did it, by the key.
        unit: (folded) where the student was; empty: not known.
        next_on: when somebody wants to look again.
    """

    action_id: str
    period: str
    kind: ActionKind
    at: datetime
    by: str
    unit: str
    note: str
    next_on: date | None


class ActionAnswer(ActionFields):
    """What was done for one student."""

    student_id: str


class ActionsAnswer(TypedDict):
    """What was done, newest first.

    Attributes:
        period: the list that it is about; null where it is about one student.
        total: how many there are, over all pages.
    """

    period: str | None
    total: Count
    limit: Count
    offset: Count
    actions: Sequence[ActionAnswer]


class InterventionFields(TypedDict):
    """One kind of help given over some time.

    Attributes:
        start: the first day.
        end: the last day; null while it goes on.
        dose: how much, in the kind's unit; null: not known.
        at: when this was last said.
        by: the name of who said it, by the key.
        unit: (folded) where the student was; empty: not known.
    """

    intervention_id: str
    kind: str
    start: date
    end: date | None
    dose: float | None
    note: str
    at: datetime
    by: str
    unit: str


class InterventionAnswer(InterventionFields):
    """The help that one student gets."""

    student_id: str


class KnownIndicators(TypedDict):
    """What a school reported of one period."""

    period: str
    features: Mapping[str, Value]


class ListedHelp(InterventionAnswer):
    """The help that one student gets, and the indicators around its first day.

    Attributes:
        before: the last record from before the first day; null where there is none.
        after: the newest record since; null where there is none yet.
        changes: the numbers that both hold. What changed while a student was helped need not have
            changed by the help.
    """

    before: KnownIndicators | None
    after: KnownIndicators | None
    changes: Sequence[IndicatorChange]


class InterventionsAnswer(TypedDict):
    """The help that students get, by its first day, the newest first.

    Attributes:
        since: the earliest first day that is listed; null where it is about one student.
        total: how many there are, over all pages.
    """

    since: date | None
    total: Count
    limit: Count
    offset: Count
    interventions: Sequence[ListedHelp]


class RemovedAnswer(TypedDict):
    """That an intervention is gone, which was written down by mistake."""

    intervention_id: str
    removed: bool


class AssignmentFields(TypedDict):
    """Who looks after a student.

    Attributes:
        person: empty: nobody.
        by: the name of who said so, by the key.
    """

    person: str
    by: str
    at: datetime
    unit: str


class AssignmentAnswer(AssignmentFields):
    """Who looks after one student."""

    student_id: str


class FollowUpEntry(TypedDict):
    """A student to look at.

    Attributes:
        person: who has to.
        next_on: the day that was named; null where the student was only assigned.
        last: what was done last; null where nothing was.
        assigned: who looks after the student; null: nobody was named.
    """

    student_id: str
    person: str
    next_on: date | None
    last: ActionFields | None
    assigned: str | None


class ToDoAnswer(TypedDict):
    """What a person has to do.

    Attributes:
        until: the last day that is looked at.
        total: students whose day has come, over all pages.
        students: a page of them, the earliest day first.
        waiting: students who were assigned to the person, and for whom nobody has done anything
            since; of these, as many as of the others at most.
        waiting_total: how many there are of them.
    """

    person: str
    until: date
    total: Count
    limit: Count
    offset: Count
    students: Sequence[FollowUpEntry]
    waiting: Sequence[FollowUpEntry]
    waiting_total: Count


class KindsTold(TypedDict):
    """Of how many students this is the last that was done; null is withheld."""

    students: int | None
    seen: int | None
    acted: int | None
    not_useful: int | None


class ActionsTold(TypedDict):
    """What was done about the list of a period; each student counts once, by the last action.

    Attributes:
        whole: over all.
        units: (folded) unit to its own; "" is unknown; null is withheld.
        people: the name of who did it to theirs; the same.
    """

    whole: KindsTold
    units: Mapping[str, KindsTold | None]
    people: Mapping[str, KindsTold | None]


class HelpTold(TypedDict):
    """One kind of help; null is withheld.

    Attributes:
        students: who got it.
        going_on: of those, who still get it on the day of the count.
        doses: how many of the interventions say a dose.
        mean_dose: the mean of ten of these or more.
    """

    kind: str
    students: int | None
    going_on: int | None
    doses: int | None
    mean_dose: float | None


class HelpSummaryAnswer(TypedDict):
    """What was done and what help was given, counted; of one to nine students a count is null.

    Attributes:
        period: of the list that the actions are about; null while there is none.
        day: of the count.
        since: the earliest first day of the help that is counted.
        actions: each student once, by the last action; by (folded) unit and by person.
        assigned: person to how many students they look after.
        due: person to how many students they were to look at by the day.
    """

    period: str | None
    day: date
    since: date
    actions: ActionsTold
    interventions: Sequence[HelpTold]
    assigned: Mapping[str, int | None]
    due: Mapping[str, int | None]
