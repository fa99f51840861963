"""Model bundles with something wrong in them, each signed as if the installation had made it."""

from __future__ import annotations

import io
import json
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.archive import MANIFEST, pack, unpack
from model.bundle import BundleParts, Golden, load_bundle, write_bundle
from model.manifest import sha256
from model.prediction import IntervalRule, NewCuts
from model.risk_interval import RiskInterval
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.api import bundles
from tests.model.test_lightgbm_form import mutants, tree
from tests.studies.hostile.forms import damaged
from training.lightgbm_text import constant, text_model

Files = dict[str, bytes]

LEAVES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 0.5, 1e308, -1e308, 1e-320, 2**63, 10**30, "", "0.5", "x", "\x00", [], {},
    [1], [[1]], {"a": 1}, ["x"] * 3,
)  # fmt: skip


@dataclass(frozen=True)
class BadBundle:
    """An archive that is no genuine one any more, and what was done to it."""

    what: str
    data: bytes


def genuine_bundles(task: TaskSpec) -> dict[str, bytes]:
    """Kind of scorer to the archive of a small model with every part a bundle can have."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundles.write(folder / "linear", 0.0, task)
        base = load_bundle(folder / "linear")
        known = bundles.records(60, seed=1)
        encoder = FeatureEncoder.from_spec(base.encoder)
        rows = encoder.encode_many(known)
        text = text_model([constant(0.25), tree(), tree()], len(encoder.columns))
        scorers: dict[str, Scorer] = {
            "linear": base.scorer,
            "trees": TreeScorer(text),
            "neighbours": NeighbourScorer(rows, np.arange(60) % 2 / 1.0, 5),
        }
        return {kind: _packed(folder / f"{kind}_", base, one) for kind, one in scorers.items()}


def _packed(folder: Path, base: BundleParts, scorer: Scorer) -> bytes:
    encoder = FeatureEncoder.from_spec(base.encoder)
    score = base.calibration.score_one
    golden = [
        Golden(g.record, score(scorer.margin_one(encoder.encode_one(g.record))))
        for g in base.golden
    ]
    parts = BundleParts(
        task=base.task, family=base.family, feature_names=base.feature_names, encoder=base.encoder,
        scorer=scorer, calibration=base.calibration, reference={"inde": {"rows": 3}},
        thresholds=replace(base.thresholds, new=NewCuts(0.4, 0.9, "fase", below=2.0)),
        golden=tuple(golden), importance={"inde": 0.75, "ida": 0.25},
        interval=IntervalRule(0.9, 0.2, 0.0, 1.0),
        risk_interval=RiskInterval((0.2, 0.8), (0.1, 0.6), (0.4, 0.9)),
    )  # fmt: skip
    write_bundle(folder, parts)
    return pack(folder)


def bad_bundle(packed: Mapping[str, bytes], chance: random.Random) -> BadBundle:
    """One archive with a file, its form or its bytes changed."""
    kind = chance.choice(sorted(packed))
    data = packed[kind]
    draw = chance.random()
    if draw < 0.1:
        return BadBundle(f"{kind}: bytes of the archive", damaged(data, chance))
    if draw < 0.25:
        what, made = _other_entries(files_of(data), chance)
        return BadBundle(f"{kind}: {what}", made)
    files = files_of(data)
    what = _change_a_file(files, chance)
    if what.startswith(MANIFEST):
        return BadBundle(f"{kind}: {what}", tar(files))
    return BadBundle(f"{kind}: {what}", tar(_described(files)))


def files_of(data: bytes) -> Files:
    """Name to content of the files of an archive."""
    with tempfile.TemporaryDirectory() as name:
        unpack(data, Path(name))
        return {path.name: path.read_bytes() for path in sorted(Path(name).iterdir())}


def _described(files: Files) -> Files:
    """With a manifest that names the files as they are now."""
    manifest = json.loads(files[MANIFEST])
    manifest["files"] = {n: sha256(content) for n, content in files.items() if n != MANIFEST}
    return {**files, MANIFEST: json.dumps(manifest).encode()}


def tar(files: Mapping[str, bytes]) -> bytes:
    """An archive of files, as `pack` makes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _change_a_file(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(files))
    if name == TreeScorer.FILE and chance.random() < 0.7:
        files[name] = chance.choice(sorted(mutants(files[name])))
        return f"{name}: a line"
    if name == NeighbourScorer.FILE and chance.random() < 0.7:
        what, files[name] = _other_arrays(files[name], chance)
        return f"{name}: {what}"
    draw = chance.random()
    if name.endswith(".json") and draw < 0.8:
        content = json.loads(files[name])
        what, content = _other_value(content, chance)
        # Numbers that JSON has no words for are written as other programs write them.
        files[name] = json.dumps(content).encode()
        return f"{name}: {what}"
    if draw < 0.88:
        del files[name]
        return f"{name}: gone"
    if draw < 0.9:
        files[name] = b"[" * 200_000
        return f"{name}: deep"
    files[name] = damaged(files[name], chance)
    return f"{name}: bytes"


def _other_value(content: Any, chance: random.Random) -> tuple[str, Any]:
    """One value of a JSON document replaced, removed or put in."""
    paths = list(_paths(content))
    path = chance.choice(paths)
    if not path:
        return "the whole", chance.choice(LEAVES)
    parent = content
    for key in path[:-1]:
        parent = parent[key]
    what = ".".join(map(str, path))
    match chance.randrange(4):
        case 0 if isinstance(parent, dict):
            del parent[path[-1]]
            return f"without {what}", content
        case 1 if isinstance(parent, dict):
            parent["another"] = chance.choice(LEAVES)
            return f"another key beside {what}", content
        case 2 if isinstance(parent, list):
            del parent[path[-1] :]
            return f"shorter from {what}", content
        case _:
            parent[path[-1]] = chance.choice(LEAVES)
            return f"{what} is {parent[path[-1]]!r:.30}", content


def _paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items: Any = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    for key, value in items:
        found += _paths(value, (*path, key))
    return found


def _other_arrays(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    changes: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("k of 0", lambda: {**kept, "k": np.array(0)}),
        ("k below 0", lambda: {**kept, "k": np.array(-3)}),
        ("k beyond the rows", lambda: {**kept, "k": np.array(10**9)}),
        ("k no number", lambda: {**kept, "k": np.array("x")}),
        ("k of many", lambda: {**kept, "k": np.array([1, 2])}),
        ("no rows", lambda: {**kept, "rows": kept["rows"][:0]}),
        ("rows of one dimension", lambda: {**kept, "rows": kept["rows"].ravel()}),
        ("rows that are no numbers", lambda: {**kept, "rows": kept["rows"] * np.nan}),
        ("rows of text", lambda: {**kept, "rows": kept["rows"].astype(str)}),
        ("fewer outcomes", lambda: {**kept, "outcome": kept["outcome"][:7]}),
        ("complex outcomes", lambda: {**kept, "outcome": kept["outcome"] * 1j}),
        ("objects", lambda: {**kept, "outcome": np.array([{}, []], dtype=object)}),
        ("without k", lambda: {name: kept[name] for name in ("rows", "outcome")}),
    ]
    if chance.random() < 0.2:
        return "a shape that asks for terabytes", _far_shape(data)
    what, made = chance.choice(changes)
    buffer = io.BytesIO()
    np.savez(buffer, **made())
    return what, buffer.getvalue()


def _far_shape(data: bytes) -> bytes:
    """The array of rows says that it is of a million times a million numbers."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as was,
        zipfile.ZipFile(buffer, "w") as archive,
    ):
        for name in was.namelist():
            content = was.read(name)
            if name == "rows.npy":
                head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"
                head = head.ljust(117) + b"\n"
                content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
            archive.writestr(name, content)
    return buffer.getvalue()


def _other_entries(files: Files, chance: random.Random) -> tuple[str, bytes]:
    """An archive with an entry that is no plain file of its folder, or that lies."""
    evil = tarfile.TarInfo(
        chance.choice(["evil", "../evil", "/tmp/evil", "a/b", "..", "", "é" * 40])
    )
    kinds = (
        tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
        tarfile.CHRTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z",
    )  # fmt: skip
    evil.type = chance.choice(kinds)
    evil.linkname = chance.choice(["", "/etc/passwd", "../../champion.json", MANIFEST])
    form = chance.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    if form == tarfile.PAX_FORMAT:
        evil.pax_headers = {"size": chance.choice(["-1", "9" * 12, "x"]), "path": "../evil"}
    buffer = io.BytesIO()
    mode = chance.choice(["w", "w", "w:gz"])
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        content = b"evil"
        evil.size = len(content) if evil.type == tarfile.REGTYPE else 0
        archive.addfile(evil, io.BytesIO(content))
        for name, held in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(held)
            archive.addfile(entry, io.BytesIO(held))
            if chance.random() < 0.1:
                archive.addfile(entry, io.BytesIO(held[::-1]))
    data = buffer.getvalue()
    what = f"an entry {evil.name!r} of type {evil.type!r}, {mode}"
    return what, data if chance.random() < 0.8 else data[: chance.randrange(len(data))]
