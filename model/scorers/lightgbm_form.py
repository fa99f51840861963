"""Whether a text is a tree model as `training.lightgbm_text` writes it, without native code.

LightGBM's reader trusts its text: an index that points nowhere or a count that does not fit ends
the process or reads memory that is not the model's. Every text that serves was written by Farol,
so this asks for that very form and nothing else: the same lines in the same order, each with as
many numbers as the tree has nodes, and every index inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from model.errors import BundleError

FILE = "model.txt"

Numbers = NDArray[np.float64]

_HEAD = (
    "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0",
    "max_feature_idx", "objective=regression", "feature_names", "feature_infos", "tree_sizes",
)  # fmt: skip
_TREE = (
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type",
    "left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value",
    "internal_weight", "internal_count", "is_linear", "shrinkage",
)  # fmt: skip
_STUMP = ("num_leaves", "num_cat", "leaf_value", "is_linear", "shrinkage")
_FIXED = {"num_cat": "0", "is_linear": "0", "shrinkage": "1"}
_ALIKE = {"split_gain": "1", "decision_type": "2", "internal_value": "0"}
"""What each node says, whichever it is; decision type 2 is numeric without missing values."""

_SAME = {"leaf_weight": "leaf_count", "internal_weight": "internal_count"}
_END = b"end of trees\n"
_WHOLE = re.compile(r"(?:-?[0-9]{1,10}+(?: (?=.)|\Z))++")
_ANY = re.compile(r"(?:-?[0-9]++(?:\.[0-9]++)?+(?:e[-+][0-9]{1,3}+)?+(?: (?=.)|\Z))++")
_COUNT = re.compile(r"0|[1-9][0-9]{0,8}")
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _TreeBlock:
    """One tree's lines."""

    number: int
    leaves: int
    fields: dict[str, str]


def check_form(text: bytes) -> None:
    """Accepts a text model, or raises.

    Raises:
        BundleError: the text is not what Farol writes; the message names the tree and the line.
    """
    head, blank, rest = text.partition(b"\n\n")
    if not blank or not text.isascii():
        _refuse("head", "not a whole LightGBM text model")
    width, sizes = _head(head.decode().split("\n"))
    if len(rest) != sum(sizes) + len(_END) or not rest.endswith(_END):
        _refuse("tree_sizes", "do not add up to the text")
    blocks, start = [], 0
    for number, size in enumerate(sizes):
        blocks.append(_block(number, rest[start : start + size].decode()))
        start += size
    _numbers(blocks, "leaf_value", 0)
    _nodes([block for block in blocks if block.leaves > 1], width)


def _head(lines: list[str]) -> tuple[int, list[int]]:
    """Columns of a row, and bytes of each tree."""
    if len(lines) != len(_HEAD):
        _refuse("head", f"{len(lines)} lines, not {len(_HEAD)}")
    given: dict[str, str] = {}
    for line, wanted in zip(lines, _HEAD, strict=True):
        name, equals, value = line.partition("=")
        if line != wanted and (not equals or name != wanted):
            _refuse("head", f"{line!r:.60} stands where {wanted} should")
        given[name] = value
    width = _count("max_feature_idx", given["max_feature_idx"]) + 1
    if given["feature_names"].count(" ") + 1 != width:
        _refuse("feature_names", f"not {width} names")
    if given["feature_infos"] != _repeated("[-inf:inf]", width):
        _refuse("feature_infos", f"not {width} times [-inf:inf]")
    return width, [_count("tree_sizes", size) for size in given["tree_sizes"].split(" ")]


def _block(number: int, text: str) -> _TreeBlock:
    where = f"tree {number}"
    if not text.startswith(f"Tree={number}\n") or not text.endswith("\n\n\n"):
        _refuse(where, "does not begin and end where tree_sizes says")
    lines = [line.partition("=") for line in text[:-3].split("\n")[1:]]
    fields = {name: value for name, _, value in lines}
    leaves = _count(f"{where}: num_leaves", fields.get("num_leaves", ""))
    if not leaves or tuple(name for name, _, _ in lines) != (_TREE if leaves > 1 else _STUMP):
        _refuse(where, f"not the lines of a tree of {leaves} leaves")
    alike = {name: _repeated(value, leaves - 1) for name, value in _ALIKE.items()}
    same = {name: fields.get(other, "") for name, other in _SAME.items()}
    for name, value in {**_FIXED, **({**alike, **same} if leaves > 1 else {})}.items():
        if fields[name] != value:
            _refuse(f"{where}: {name}", f"{fields[name]!r:.40} is not {value:.40}")
    return _TreeBlock(number, leaves, fields)


def _nodes(blocks: Sequence[_TreeBlock], width: int) -> None:
    """Indices and counts of all trees at once: tree by tree it would take ten times as long."""
    if not blocks:
        return
    leaves = np.array([block.leaves for block in blocks])
    tree = np.repeat(np.arange(len(blocks)), leaves - 1)
    of_leaf = np.repeat(np.arange(len(blocks)), leaves)
    columns = _numbers(blocks, "split_feature", -1, _WHOLE)
    _all(blocks, tree, "split_feature", (columns >= 0) & (columns < width))
    _numbers(blocks, "threshold", -1)
    for name, fewer in (("internal_count", -1), ("leaf_count", 0)):
        counts = _numbers(blocks, name, fewer, _WHOLE)
        _all(blocks, tree if fewer else of_leaf, name, (counts >= 1) & (counts <= _MOST))
    first_leaf = np.cumsum(leaves) - leaves
    first_node = first_leaf - np.arange(len(blocks))
    place = np.arange(len(tree)) - first_node[tree]
    seen_nodes = np.bincount(first_node, minlength=len(tree))
    seen_leaves = np.zeros(int(leaves.sum()), dtype=np.intp)
    for name in ("left_child", "right_child"):
        child = _numbers(blocks, name, -1, _WHOLE).astype(np.intp)
        inside = np.where(child < 0, child >= -leaves[tree], child < leaves[tree] - 1)
        # A child after its parent: so there is no circle.
        _all(blocks, tree, name, inside & ((child < 0) | (child > place)))
        node, leaf = child > 0, child < 0
        seen_nodes += np.bincount((first_node[tree] + child)[node], minlength=len(tree))
        seen_leaves += np.bincount((first_leaf[tree] - 1 - child)[leaf], minlength=len(seen_leaves))
    _all(blocks, tree, "left_child, right_child", seen_nodes == 1)
    _all(blocks, of_leaf, "left_child, right_child", seen_leaves == 1)


def _numbers(
    blocks: Sequence[_TreeBlock], name: str, fewer: int, form: re.Pattern[str] = _ANY
) -> Numbers:
    """The finite numbers of one line of all trees, one a leaf or (`fewer` -1) one a node."""
    for block in blocks:
        if block.fields[name].count(" ") + 1 != block.leaves + fewer:
            _refuse(f"tree {block.number}: {name}", f"not {block.leaves + fewer} numbers")
    joined = " ".join(block.fields[name] for block in blocks)
    if not form.fullmatch(joined):
        _refuse(name, "not all numbers, or not all whole where they must be")
    found = np.fromstring(joined, dtype=np.float64, sep=" ")
    if not np.isfinite(found).all():
        _refuse(name, "not all finite")
    return found


def _all(
    blocks: Sequence[_TreeBlock], tree: NDArray[np.intp], name: str, good: NDArray[np.bool_]
) -> None:
    if not good.all():
        number = blocks[int(tree[int(np.argmin(good))])].number
        _refuse(f"tree {number}: {name}", "points outside the model, or counts what is not there")


def _repeated(value: str, times: int) -> str:
    return " ".join([value] * times)


def _count(where: str, text: str) -> int:
    if not _COUNT.fullmatch(text):
        _refuse(where, f"{text!r:.20} is not a number of things")
    return int(text)


def _refuse(where: str, why: str) -> NoReturn:
    raise BundleError(f"{FILE}: {where}: {why}")
