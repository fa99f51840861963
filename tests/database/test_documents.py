"""Records survive the way into a document and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.driver.commands import InsertMany, Replace, ReplaceMany
from database.driver.portable_subset import NotPortable, check
from database.mapping.documents import from_document, milliseconds, to_document
from database.mapping.nested_lists import portable
from database.predictions import document_of
from model.label import Correction, Label
from model.lists.published import PublishedList
from model.prediction import Prediction
from model.version import ModelVersion
from tests.database.builders import START, at, model_version, prediction
from tests.database.lists.builders import published

ENCODABLE = st.characters(exclude_categories=["Cs"])
ANY_KEY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def test_a_nested_record_comes_back_equal() -> None:
    written = model_version(3)

    assert (
        from_document(ModelVersion, to_document(written, key="version"), key="version") == written
    )


def test_what_is_unknown_is_absent_and_not_null() -> None:
    document = to_document(prediction(student_id=None), key="prediction_id")

    assert "student_id" not in document
    assert from_document(Prediction, document, key="prediction_id").student_id is None


@given(features=st.dictionaries(ANY_KEY, st.one_of(st.floats(allow_nan=False), st.text())))
def test_any_feature_name_comes_back(features: dict[str, float | str]) -> None:
    finite = {k: v for k, v in features.items() if v not in (float("inf"), float("-inf"))}
    label = Label(
        "RA-1", "2023", finite, 1.0, START, START, history=(Correction(0.0, START, START),)
    )
    document = to_document(label)

    assert not any("." in key or "$" in key for key in document["features"])
    assert from_document(Label, document) == label


@given(
    features=st.dictionaries(
        ANY_KEY, st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.text(ENCODABLE))
    ),
    student_id=st.one_of(st.none(), st.text(ENCODABLE)),
    created_at=st.datetimes(timezones=st.just(UTC)),
)
def test_a_prediction_out_of_an_outbox_is_the_same_document(
    features: dict[str, float | str], student_id: str | None, created_at: datetime
) -> None:
    record = replace(prediction(student_id=student_id), features=features, created_at=created_at)

    assert document_of(orjson.dumps(record)) == to_document(record, key="prediction_id")


def test_a_time_is_kept_in_utc_to_the_millisecond() -> None:
    local = datetime(2024, 3, 1, 9, 0, 0, 1_999, tzinfo=timezone(timedelta(hours=-3)))

    assert milliseconds(local) == datetime(2024, 3, 1, 12, 0, 0, 1_000, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        milliseconds(at(0).replace(tzinfo=None))


def test_a_document_that_lacks_what_its_record_needs_is_named() -> None:
    with pytest.raises(Exception, match="stored Label cannot be read"):
        from_document(Label, {"student_id": "RA-1"})


def test_a_document_of_a_newer_release_is_refused() -> None:
    document = to_document(prediction()) | {"schema": 99}

    with pytest.raises(Exception, match="schema 99"):
        from_document(Prediction, document)


def test_a_value_without_a_document_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_document(model_version(params={"model": object()}))


def test_a_list_within_a_list_is_kept_as_a_document_and_comes_back() -> None:
    """FerretDB stores no list within a list; one that an earlier release wrote is read as well."""
    written = published(places=(("new:north", 1), ("known:south", 2)))

    document = to_document(written, key="list_id")

    assert document["places"] == [{"%list": ["new:north", 1]}, {"%list": ["known:south", 2]}]
    of_before = {**document, "places": [["new:north", 1], ["known:south", 2]]}
    for stored in (document, of_before):
        assert from_document(PublishedList, stored, key="list_id") == written
    assert portable(of_before) == document
    assert portable(document) is document


@given(st.recursive(st.integers() | ANY_KEY, lambda inner: st.lists(inner, max_size=3)))
def test_lists_of_any_depth_come_back_out_of_a_mapping(value: object) -> None:
    written = replace(model_version(1), params={"of": value})

    document = to_document(written, key="version")

    check(InsertMany("model_versions", [document]))
    assert from_document(ModelVersion, document, key="version").params["of"] == value


@pytest.mark.parametrize(
    "value", [[["a"]], {"a.b": 1}, {"of": {"$set": 1}}, float("nan"), [float("inf")]]
)
def test_what_some_server_cannot_store_is_refused_on_each(value: object) -> None:
    for command in (
        InsertMany("labels", [{"_id": "a", "value": value}]),
        ReplaceMany("labels", [Replace({"_id": "a"}, {"_id": "a", "value": {"in": value}})]),
    ):
        with pytest.raises(NotPortable, match="outside the portable subset"):
            check(command)
