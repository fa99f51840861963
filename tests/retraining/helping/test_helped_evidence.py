"""A decision tells both figures where students were helped, and uses all records."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

import numpy as np

from model.helping.bounds import UNBOUNDED
from model.helping.evidence import HelpedEvidence, helped_disagrees, helped_told
from model.promotion import DecisionStatus, PromotionDecision
from retraining.helping.helped_evidence import EvidenceOn, helped_evidence
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.evidence import plain
from tests.retraining.samples import POLICY, blurred, cases, world

KEPT = PromotionDecision(DecisionStatus.KEPT, ())
EVIDENCE_ON: EvidenceOn = partial(compare, policy=POLICY, seed=0, resamples=100)


def models(n: int) -> tuple[Cases, Answers, Answers]:
    risk, outcome = world(n)
    return cases(outcome), Answers("v2", risk, 0.5), Answers("v1", blurred(risk, 3.0, seed=5), 0.5)


def found(some: Cases, ours: Answers, theirs: Answers | None) -> HelpedEvidence:
    evidence = helped_evidence(some, ours, theirs, EVIDENCE_ON, KEPT, POLICY)
    assert evidence is not None
    return evidence


def test_where_nobody_was_helped_nothing_is_told() -> None:
    some, ours, theirs = models(300)
    nobody = replace(some, helped=np.zeros(300, dtype=np.bool_))

    for one in (some, nobody):
        assert helped_evidence(one, ours, theirs, EVIDENCE_ON, KEPT, POLICY) is None
    assert helped_told({"helped": None}) == [] and not helped_disagrees({})


def test_children_that_were_saved_make_a_good_challenger_look_worse_than_the_bounds_allow() -> None:
    """The challenger's surest were helped, and nine in ten of them saved."""
    risk, would_be = world(1_500)
    theirs = Answers("v1", blurred(risk, 3.0, seed=5), 0.5)
    helped = risk > 0.9
    came = np.where(helped & (np.arange(1_500) % 10 > 0), 0.0, would_be)
    some = replace(cases(came), helped=helped)

    evidence = found(some, Answers("v2", risk, 0.5), theirs)

    assert evidence.gain is not None and evidence.champion is not None
    gain = evidence.gain
    assert gain.recorded is not None and gain.high is not None and gain.low is not None
    assert gain.low <= gain.recorded < gain.high and gain.without is not None
    assert evidence.helped == helped.sum() and evidence.saved == (helped & (came == 0)).sum()
    assert evidence.disagrees and evidence.decided_without == "promoted"
    told = helped_told(plain({"helped": asdict(evidence)}))
    assert len(told) == 4 and told[-1].startswith("Careful")
    assert helped_disagrees(plain({"helped": asdict(evidence)}))


def test_where_too_few_are_left_that_is_said() -> None:
    some, ours, _ = models(300)
    nearly = replace(some, helped=np.arange(300) > 20)

    evidence = found(nearly, ours, None)

    assert (evidence.decided_without, evidence.disagrees, evidence.gain) == ("", False, None)
    said = helped_told(plain({"helped": asdict(evidence)}), portuguese=True)
    assert said[-1] == "Sem contar quem recebeu ajuda, restam registros de menos para decidir."


def test_of_a_few_who_were_not_helped_no_figure_is_told() -> None:
    some, ours, theirs = models(300)
    others = np.flatnonzero(some.outcome == 1)[:9]

    evidence = found(replace(some, helped=~np.isin(np.arange(300), others)), ours, theirs)

    assert evidence.gain is not None and evidence.champion is not None
    assert (evidence.challenger.without, evidence.champion.without) == (None, None)
    assert evidence.challenger.low is not None and evidence.gain.without is None


def test_of_a_few_helped_only_that_they_are_few_is_told() -> None:
    some, ours, theirs = models(300)
    few = replace(some, helped=np.arange(300) < 9)

    evidence = found(few, ours, theirs)

    assert evidence.challenger == UNBOUNDED and evidence.gain is None and evidence.saved is None
    (said,) = helped_told(plain({"helped": asdict(evidence)}))
    assert said == "Of fewer than 10 records the students were helped: too few to tell more."
