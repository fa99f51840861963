"""What an answer says, without a server around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from api.champion import Champion, ChampionHolder
from api.durability.outbox import decode
from api.lists.rows import PageFacts, listed_students
from api.lists.view import ListView
from api.payload import RecordReader
from api.scoring import answer, score_many, score_one
from api.security import LOCAL
from database.mapping.documents import from_document, to_document
from database.predictions import document_of
from model.bundle import load_bundle
from model.live.folder import LiveModel
from model.live.pointer import LivePointer
from model.prediction import IntervalRule, Prediction, RiskStatus, Scale, Thresholds
from model.student import Features, Observation
from preprocessing.lists.ranking import rank_students
from preprocessing.lists.scoring import ScoredStudents, score_students
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api import bundles

PEDE = load_task("pede_lag")
SHARES = {"inde": 0.1, "ida": 0.5, "ipv": 0.2, "fase": 0.1, "pedra": 0.1}
CUTS = Thresholds(0.5, 0.5, 0.8, min_known_weight=0.3)


def champion(
    folder: Path, *, thresholds: Thresholds = CUTS, interval: IntervalRule | None = None
) -> Champion:
    bundles.write(folder / "bundle", 0.0, PEDE)
    bundle = replace(
        load_bundle(folder / "bundle"),
        importance=SHARES,
        thresholds=thresholds,
        interval=interval,
    )
    pointer = LivePointer(version="v1", artifact="", bundle=bundle.digest, signature="", revision=1)
    return Champion("v1", pointer, bundle, Predictor(bundle), bundle.thresholds)


def looked_at(who: Champion, scored: ScoredStudents) -> ListView:
    """The whole list of 2024."""
    ranked = rank_students(scored, (), PEDE.promotion)
    within, rooms = ranked.within, ranked.rooms
    return ListView(
        "2024", None, None, who, {}, scored, ranked, within, rooms, (), None, (), ranked.order
    )


def known_of(observed: Sequence[Observation]) -> PageFacts:
    return PageFacts({one.student_id: one for one in observed}, {}, {}, {})


def asked(who: Champion, record: Mapping[str, object]) -> Prediction:
    read = RecordReader(PEDE).one(dict(record), "2024")
    return score_one(
        who, read, features=PEDE.feature_names, now=bundles.NOW, client=LOCAL, request_id="r1"
    )


def test_a_nearly_empty_record_is_answered_as_insufficient_with_the_share_it_gave(
    tmp_path: Path,
) -> None:
    who = champion(tmp_path)

    said = answer(asked(who, {"inde": 2.0}), None, 1.0)

    assert (said["status"], said["known_weight"]) == (RiskStatus.INSUFFICIENT, 0.1)
    assert said["risk_label"] == who.thresholds.label(said["risk_score"])
    assert said["unseen"] == ()


def test_an_unseen_category_is_named_as_filled_in_and_as_unseen(tmp_path: Path) -> None:
    # `topazio` is in the task, and in none of the records that the version learned from.
    who = champion(tmp_path)
    seen, unseen = {"ida": 5.0, "pedra": "agata"}, {"ida": 5.0, "pedra": "Topázio"}

    known, new = answer(asked(who, seen), None, 1.0), answer(asked(who, unseen), None, 1.0)

    assert "pedra" not in known["imputed"] and known["unseen"] == ()
    assert "pedra" in new["imputed"] and new["unseen"] == ("pedra",)
    assert (known["known_weight"], new["known_weight"]) == (0.6, 0.5)
    assert new["imputed"] == answer(asked(who, {"ida": 5.0}), None, 1.0)["imputed"]


def test_a_batch_is_answered_as_its_records_one_by_one(tmp_path: Path) -> None:
    who, reader = champion(tmp_path), RecordReader(PEDE)
    records: list[dict[str, object]] = [
        {"inde": 2.0},
        {"ida": 5.0, "pedra": "topazio"},
        {"ida": 1.0, "fase": 2},
    ]

    served = score_many(
        who,
        [reader.one(dict(r), "2024") for r in records],
        features=PEDE.feature_names,
        now=bundles.NOW,
        client=LOCAL,
        request_id="r1",
    )

    for record, prediction in zip(records, served, strict=True):
        alone = asked(who, record)
        assert prediction.risk_score == pytest.approx(alone.risk_score, abs=1e-12)
        same = replace(alone, prediction_id=prediction.prediction_id)
        assert replace(prediction, risk_score=alone.risk_score) == same


def test_students_of_whom_too_little_is_known_are_listed_last_in_a_group_of_their_own(
    tmp_path: Path,
) -> None:
    who = champion(tmp_path)
    features: list[Features] = [
        {"inde": 2.0}, {"ida": 0.0, "ipv": 9.0}, {"ida": 9.0, "ipv": 0.0}, {"fase": 8.0},
    ]  # fmt: skip
    observed = [Observation(f"S{i}", "2024", f, bundles.NOW) for i, f in enumerate(features)]

    view = looked_at(who, score_students(who.predictor, observed, PEDE))
    rows = listed_students(PEDE, view, view.chosen.tolist(), known_of(observed))

    insufficient = [row["status"] is RiskStatus.INSUFFICIENT for row in rows]
    assert insufficient == [False, False, True, True]
    for group in (rows[:2], rows[2:]):
        scores = [row["risk_score"] for row in group]
        assert scores == sorted(scores, reverse=True)
    assert {row["known_weight"] for row in rows} == {0.7, 0.1}


def test_predictions_of_an_earlier_release_stay_readable(tmp_path: Path) -> None:
    served = asked(champion(tmp_path), {"inde": 2.0})
    newer = ("scale", "known_weight", "unseen", "interval")
    raw = orjson.loads(orjson.dumps(served))
    old = orjson.dumps({name: value for name, value in raw.items() if name not in newer})
    stored = {n: v for n, v in to_document(served, key="prediction_id").items() if n not in newer}

    for read in (decode(old), from_document(Prediction, stored, key="prediction_id")):
        assert (read.scale, read.known_weight, read.unseen) == (Scale.RISK, None, ())
        assert read.risk_score == served.risk_score


def test_a_prediction_is_the_same_from_the_outbox_and_from_the_registry(tmp_path: Path) -> None:
    rule = IntervalRule(0.9, 3.0)
    cuts = Thresholds(0.5, 0.5, 0.2, Scale.VALUE_LOW, 0.1)
    who = champion(tmp_path, interval=rule, thresholds=cuts)
    served = asked(who, {"ida": 5.0, "pedra": "topazio"})
    body = orjson.dumps(served)

    assert decode(body) == served
    assert document_of(body) == to_document(served, key="prediction_id")
    stored = from_document(Prediction, document_of(body), key="prediction_id")
    assert stored == replace(served, created_at=stored.created_at)


def test_a_numeric_answer_holds_value_and_interval_and_no_risk(tmp_path: Path) -> None:
    cuts = Thresholds(0.5, 0.5, 0.2, Scale.VALUE_LOW)
    who = champion(tmp_path, interval=IntervalRule(0.9, 3.0), thresholds=cuts)

    said = answer(asked(who, {"ida": 5.0}), None, 1.0)

    assert "risk_score" not in said
    assert said["interval"] == (said["predicted"] - 3.0, said["predicted"] + 3.0)


def test_a_numeric_version_of_before_takes_the_cut_offs_of_the_task(tmp_path: Path) -> None:
    task = load_task("exam_scores")
    holder = ChampionHolder(LiveModel(tmp_path / "live"), task, b"key")
    bundles.write(tmp_path / "bundle", 0.0, PEDE)
    bundle = load_bundle(tmp_path / "bundle")

    taken = holder._on_the_tasks_scale(bundle)

    assert bundle.thresholds.scale is Scale.RISK
    assert taken.thresholds == task.status.cutoffs()
