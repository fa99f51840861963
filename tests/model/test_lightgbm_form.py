from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from model.errors import BundleError
from model.scorers.lightgbm_form import check_form
from model.scorers.text_check import try_apart
from model.scorers.trees import TreeScorer
from training.lightgbm_text import Tree, constant, text_model

VALUES = ("-5", "0", "1", "999999999999", "99999999", "-99", "nan", "inf", "x", "")


def tree() -> Tree:
    """Two questions, three leaves."""
    return Tree(
        left=np.array([1, 3, -1, -1, -1]),
        right=np.array([2, 4, -1, -1, -1]),
        feature=np.array([0, 1, 0, 0, 0]),
        threshold=np.array([0.5, -1.25, 0.0, 0.0, 0.0]),
        value=np.array([0.0, 0.0, 1.5, -0.5, 1e-7]),
        cover=np.array([6.0, 3.0, 3.0, 1.0, 2.0]),
    )


TEXT = text_model([constant(0.25), tree(), tree()], 2)


def mutants(text: bytes) -> Iterator[bytes]:
    """Every line but the names of columns, with its value replaced, lengthened, cut and removed."""
    head, _, body = text.decode().partition("Tree=1\n")
    lines = body.split("\n")
    for place, line in enumerate(lines):
        name, equals, value = line.partition("=")
        if not equals or name == "Tree":
            continue
        first, *others = value.split(" ")
        changed = [" ".join([other, *others]) for other in VALUES if other != first]
        changed += [f"{value} 1", " ".join(others), value.replace(" ", "  "), f"{value}\x00"]
        for new in changed:
            if new != value:
                yield _sized(head, [*lines[:place], f"{name}={new}", *lines[place + 1 :]])
        yield _sized(head, [*lines[:place], *lines[place + 1 :]])
        yield _sized(head, [*lines[:place], line, *lines[place:]])
    for line in text.decode().partition("\n\n")[0].split("\n"):
        name = line.partition("=")[0]
        for value in VALUES:
            yield text.replace(line.encode(), f"{name}={value}".encode(), 1)


def _sized(head: str, lines: list[str]) -> bytes:
    """The text with the sizes that its blocks have now, so that only the change itself is wrong."""
    text = f"{head}Tree=1\n" + "\n".join(lines)
    front, _, rest = text.partition("\n\n")
    blocks = rest.removesuffix("end of trees\n").replace("Tree=", "\0Tree=").split("\0")[1:]
    sizes = " ".join(str(len(block)) for block in blocks)
    return f"{front.rpartition('=')[0]}={sizes}\n\n{rest}".encode()


MUTANTS = sorted(set(mutants(TEXT)) - {TEXT})


def test_what_training_writes_is_accepted() -> None:
    check_form(TEXT)
    check_form(text_model([constant(1.0)], 3))


@pytest.mark.slow
def test_a_mutated_text_is_refused_or_is_a_model_that_scores() -> None:
    accepted = []
    for text in MUTANTS:
        try:
            check_form(text)
        except BundleError:
            continue
        accepted.append(text)

    assert len(MUTANTS) >= 300
    # Another leaf, threshold, column or count makes another model, which is one.
    assert len(accepted) < len(MUTANTS) / 5
    for text in accepted[:: max(1, len(accepted) // 8)]:
        try_apart(text)
        assert np.isfinite(TreeScorer.load(text).margin(np.zeros((3, 2)))).all()


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (b"num_leaves=3", b"num_leaves=-5"),
        (b"num_leaves=3", b"num_leaves=4"),
        (b"split_feature=0 1", b"split_feature=0 2"),
        (b"left_child=1 -2", b"left_child=0 -2"),
        (b"left_child=1 -2", b"left_child=1 -1"),
        (b"right_child=-1 -3", b"right_child=-1 -4"),
        (b"right_child=-1 -3", b"right_child=1 -3"),
        (b"decision_type=2 2", b"decision_type=1 2"),
        (b"num_cat=0", b"num_cat=1"),
        (b"is_linear=0", b"is_linear=1"),
        (b"shrinkage=1", b"shrinkage=2"),
        (b"threshold=0.5 -1.25", b"threshold=0.5-1.25 "),
        (b"max_feature_idx=1", b"max_feature_idx=9"),
        (b"objective=regression", b"objective=binary    "),
    ],
)
def test_an_index_or_count_that_does_not_fit_is_refused_by_name(
    line: bytes, instead: bytes
) -> None:
    assert line in TEXT
    width = len(line) - len(instead)
    text = TEXT.replace(line, instead)
    if width:
        text = _resized(text)

    with pytest.raises(BundleError, match=r"model\.txt: "):
        TreeScorer.load(text)


def _resized(text: bytes) -> bytes:
    head, _, rest = text.decode().partition("Tree=1\n")
    return _sized(head, rest.split("\n"))


def test_a_good_text_passes_in_a_process_of_its_own() -> None:
    try_apart(TEXT)


def test_what_the_library_refuses_in_the_other_process_is_told_in_its_words() -> None:
    with pytest.raises(BundleError, match="LightGBM refused the model"):
        try_apart(b"no model at all\n")


def test_a_text_that_ends_its_process_or_takes_too_long_is_refused() -> None:
    with pytest.raises(BundleError, match=r"ended the process that tried it \(SIG"):
        try_apart(TEXT.replace(b"num_leaves=3", b"num_leaves=-5"))
    with pytest.raises(BundleError, match=r"took more than 0\.001 s"):
        try_apart(TEXT, seconds=0.001)
