from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self, cast

import pytest

from model.archive import bundle_digest, pack, unpack
from model.bundle import load_signed
from model.errors import BundleError
from model.manifest import read_manifest
from model.scorers import kinds
from model.scorers.linear import LinearScorer
from model.trust.statement import Statement
from model.version import resign
from tests.api.bundles import KEY, archive
from tests.database.builders import model_version

STATEMENT = Statement("pede_lag", "v1", "b" * 64, "a" * 64, "d" * 64)
REMEDY = r"restore the signing key .*python -m deployment\.restore --re-sign"


def test_a_signature_holds_for_its_statement_and_key() -> None:
    STATEMENT.verify(STATEMENT.sign(KEY), KEY)


@pytest.mark.parametrize("field", sorted(asdict(STATEMENT)))
def test_a_signature_covers_every_field(field: str) -> None:
    other = replace(STATEMENT, **{field: "v702"})

    with pytest.raises(BundleError, match=REMEDY):
        other.verify(STATEMENT.sign(KEY), KEY)


@pytest.mark.parametrize("signature", ["", "ça", "0" * 64, STATEMENT.sign(b"another key")])
def test_what_is_not_signed_with_the_key_is_refused_with_the_remedy(signature: str) -> None:
    with pytest.raises(BundleError, match=REMEDY):
        STATEMENT.verify(signature, KEY)


@pytest.mark.parametrize("value", [None, 1, True, ["v1"]])
def test_a_statement_holds_texts_only(value: object) -> None:
    odd = replace(STATEMENT, task=cast(Any, value))

    with pytest.raises(BundleError, match="task of a signed version must be text"):
        odd.sign(KEY)


def test_a_version_without_a_bundle_is_not_signed() -> None:
    with pytest.raises(BundleError, match=f"form of before.*{REMEDY}"):
        replace(STATEMENT, bundle="").sign(KEY)


def test_a_version_without_a_bundle_is_said_to_be_of_before_rather_than_of_another_key() -> None:
    signature = STATEMENT.sign(KEY)

    with pytest.raises(BundleError, match=f"form of before.*{REMEDY}"):
        replace(STATEMENT, bundle="").verify(signature, KEY)


def test_a_version_is_signed_with_another_key_as_it_is() -> None:
    before = model_version(3)

    after = resign(before, "pede_lag", KEY, bundle="b" * 64)

    after.verify(KEY)
    assert replace(after, signature=before.signature, bundle="") == before
    assert resign(after, "pede_lag", b"another") == replace(
        after, signature=after.statement.sign(b"another")
    )


def test_a_version_of_another_task_is_not_signed() -> None:
    with pytest.raises(BundleError, match="of task 'pede_lag', not 'exam_scores'"):
        resign(model_version(), "exam_scores", KEY, bundle="b" * 64)


def test_the_bundles_digest_is_known_from_its_archive(tmp_path: Path) -> None:
    packed = archive()
    unpack(packed.data, tmp_path)

    assert bundle_digest(packed.data) == read_manifest(tmp_path).digest
    assert bundle_digest(pack(tmp_path)) == packed.bundle


def test_nothing_is_parsed_before_all_of_it_is_known_to_be_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    class Spy(LinearScorer):
        @classmethod
        def load(cls, data: bytes) -> Self:
            seen.append(data)
            return super().load(data)

    monkeypatch.setattr(kinds, "SCORERS", (Spy,))
    packed = archive()
    statement, signature = packed.statement("v1"), packed.signature("v1")
    unpack(packed.data, tmp_path)
    thresholds = tmp_path / "thresholds.json"
    genuine = thresholds.read_bytes()

    with pytest.raises(BundleError, match="not signed"):
        load_signed(tmp_path, statement, signature, b"another key")
    thresholds.write_bytes(genuine.replace(b"0.8", b"0.9"))
    with pytest.raises(BundleError, match=r"thresholds\.json"):
        load_signed(tmp_path, statement, signature, KEY)
    thresholds.write_bytes(genuine)
    assert seen == []

    assert load_signed(tmp_path, statement, signature, KEY).digest == packed.bundle
    assert len(seen) == 1
