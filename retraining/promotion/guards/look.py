"""Guards of the look itself: may the labels of a period be looked at once more?"""

from __future__ import annotations

from datetime import UTC, datetime

from model.decisions.looks import PeriodLooks, TakenLook
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.guards.rule import ANY_KIND, Found, GuardRule, Stage
from retraining.promotion.looks import Counted, Weighed, weigh

LOOK = frozenset({Stage.LOOK})
_TAKEN = TakenLook(datetime(2024, 1, 1, tzinfo=UTC), "run-1", "", 400, 0.5, 0.006)


def new_labels(weighed: Weighed, _: PromotionPolicy) -> Found:
    """Whether there are new labels enough since the last look, by number only."""
    counted = weighed.counted
    return Found(
        weighed.informed or not weighed.affordable,
        counted.new,
        weighed.needed,
        {"period": counted.period},
    )


def error_budget(weighed: Weighed, _: PromotionPolicy) -> Found:
    """Whether enough of the period's error budget is left for this look."""
    counted = weighed.counted
    return Found(
        weighed.affordable,
        weighed.left,
        weighed.least,
        {
            "period": counted.period,
            "labelled": counted.labelled,
            "share": counted.information,
            "spent": weighed.spent,
            "budget": weighed.budget,
        },
    )


def _example(counted: Counted) -> Weighed:
    return weigh(PeriodLooks("2023", (_TAKEN,), 1), counted, 0.05)


NEW_LABELS = GuardRule[Weighed](
    name="new_labels",
    kinds=ANY_KIND,
    stages=LOOK,
    keys=(),
    asks="labels of the newest judged period since the last look at it: half as many as there were "
    "then and at least 25, unless the period's last ones are there",
    look=new_labels,
    english={
        "passed": "{value} labels of {period} are new since the last look at it",
        "failed": "only {value} labels of {period} are new since the last look at it; {limit} are "
        "needed for another one, which costs a part of the period's error budget",
    },
    portuguese={
        "name": "rótulos novos",
        "passed": "{value:.0f} desfechos chegaram desde a última comparação",
        "failed": "só {value:.0f} desfechos chegaram desde a última comparação; são precisos "
        "{limit:.0f} para outra, que gasta parte da margem de erro do período",
    },
    example=_example(Counted("2023", labelled=560, expected=800, new=160)),
)

ERROR_BUDGET = GuardRule[Weighed](
    name="error_budget",
    kinds=ANY_KIND,
    stages=LOOK,
    keys=(),
    asks="error probability left for this look, of the one budget (1 - `confidence`) that all "
    "looks of the period share; at least a fiftieth of it",
    look=error_budget,
    english={
        "passed": "this look at {period} may err with {value:.2%}; {spent:.2%} of the period's "
        "{budget:.1%} was spent before",
        "failed": "with {labelled} labels of {period} ({share:.0%} of those expected) {spent:.2%} "
        "of the period's error budget of {budget:.1%} is spent and {value:.2%} is free; another "
        "look needs {limit:.2%}: wait for more labels",
    },
    portuguese={
        "name": "margem de erro",
        "passed": "esta comparação pode errar com {value:.2%}, parte da margem de erro do período",
        "failed": "da margem de erro que todas as comparações do período dividem restam "
        "{value:.2%}; outra comparação precisa de {limit:.2%}: espere mais desfechos",
    },
    example=_example(Counted("2023", labelled=400, expected=800, new=0)),
)
