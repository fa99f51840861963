"""A version as a folder that `mlflow.pyfunc.load_model` loads: plain files, and no pickle.

In it are the bundle without the profile of its training data, which no score needs, and the source
files of ours that scoring needs; the requirements are those libraries, as they are installed here.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import fields
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from deployment.mlflow.code_files import ROOT, needed
from deployment.mlflow.library import failures_told, mlflow_library
from model.bundle import Bundle, BundleParts, write_bundle
from model.errors import BundleError
from model.scorers.trees import TreeScorer
from preprocessing.predictor import Predictor

LOADER = "preprocessing.pyfunc"
LIBRARIES = ("numpy", "orjson", "pandas", "pydantic", "pyyaml")
OF_TREES = "lightgbm"


def may_leave(bundle: Bundle) -> bool:
    """Whether a bundle may be handed to others: not where it is made of training records."""
    return not bundle.scorer.KEEPS_RECORDS


def requirements(bundle: Bundle) -> list[str]:
    """What the environment needs in which a bundle is loaded, besides MLflow itself."""
    trees = (OF_TREES,) if isinstance(bundle.scorer, TreeScorer) else ()
    return [f"{name}=={version_of(name)}" for name in (*LIBRARIES, *trees)]


def write_model(predictor: Predictor, folder: Path, about: dict[str, str]) -> None:
    """Writes the folder, which must not exist.

    Args:
        predictor: of the version.
        folder: where to.
        about: what the model tells of itself besides, `farol.version` say.

    Raises:
        BundleError: the bundle is made of training records, or the folder exists.
        ConfigurationError: the extra is not installed.
        TrackingFailed: MLflow cannot write it.
    """
    library = mlflow_library()
    if not may_leave(predictor.bundle):
        raise BundleError(f"a bundle of {predictor.bundle.family} holds training records")
    if folder.exists():
        raise BundleError(f"{folder} exists; a model is never written over another")
    with (
        tempfile.TemporaryDirectory() as made,
        failures_told(library, "the model"),
        warnings.catch_warnings(),
    ):
        bundle, code = Path(made) / "bundle", Path(made) / "code"
        _write_scoring_bundle(predictor.bundle, bundle)
        warnings.simplefilter("ignore")  # It asks for an example; the bundle's own test it.
        library.pyfunc.save_model(
            path=str(folder),
            loader_module=LOADER,
            data_path=str(bundle),
            code_paths=[str(path) for path in _copied(code)],
            pip_requirements=requirements(predictor.bundle),
            signature=_signature(library, predictor),
            metadata=about,
        )


def _write_scoring_bundle(bundle: Bundle, folder: Path) -> None:
    parts = {part.name: getattr(bundle, part.name) for part in fields(BundleParts)}
    write_bundle(folder, BundleParts(**parts | {"reference": {}}))


def _copied(folder: Path) -> list[Path]:
    """The files that the loader needs, in their packages; gives the outermost ones."""
    for path in needed(LOADER):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    return sorted(folder.iterdir())


def _signature(library: Any, predictor: Predictor) -> Any:
    types = library.types
    texts = {column.feature for column in predictor.encoder.category}
    # A number is of any type: MLflow refuses whole numbers where it was told of real ones.
    number = types.schema.AnyType()
    inputs = [
        types.ColSpec("string" if name in texts else number, name, required=False)
        for name in asked(predictor)
    ]
    return library.models.ModelSignature(inputs=types.Schema(inputs))


def asked(predictor: Predictor) -> tuple[str, ...]:
    """The features that a record may give: those with a column, and those that formulas read."""
    encoder = predictor.encoder
    given = [name for name in encoder.features if name not in encoder.formulas]
    read = [name for formula in encoder.formulas.values() for name in formula.names]
    new = predictor.thresholds.new
    return tuple(dict.fromkeys([*given, *read, *([] if new is None else [new.feature])]))
