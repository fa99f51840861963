"""Who is measured: how each is built, started and called."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
RECORD: Mapping[str, Any] = {
    "inde": 7.5, "iaa": 8.0, "ieg": 6.1, "ips": 6.5, "ipp": 7.0, "ida": 5.5, "ipv": 7.2, "ian": 5.0,
    "mat": 5.0, "por": 6.0, "ing": 4.5, "fase": 3, "fase_ideal": 4, "defasagem": -1, "idade": 13,
    "anos_programa": 2, "n_avaliacoes": 3, "pedra": "ametista", "instituicao": "publica",
}  # fmt: skip
UVICORN = ("--workers", "4", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
           "--log-level", "warning")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server to measure; `{port}` in the command is filled in.

    Attributes:
        body: what it is asked at its start, and under load where there is nothing else.
        more: what it is asked under load, one after the other.
    """

    name: str
    command: tuple[str, ...]
    cwd: Path
    path: str = "/predict"
    body: Mapping[str, Any] = field(default_factory=lambda: RECORD)
    more: tuple[Mapping[str, Any], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    version: str = ""

    @property
    def bodies(self) -> tuple[Mapping[str, Any], ...]:
        """What it is asked under load."""
        return self.more or (self.body,)


def limit() -> Contestant:
    """uvicorn answering a constant: what no application in Python can exceed."""
    command = (sys.executable, "-m", "uvicorn", "tests.benchmarks.limit:app", "--lifespan", "off",
               "--port", "{port}", *UVICORN)  # fmt: skip
    return Contestant("limit", command, ROOT)


def floor() -> Contestant:
    """FastAPI validating the same body and returning a constant."""
    command = (sys.executable, "-m", "uvicorn", "tests.benchmarks.floor:create_app", "--factory",
               "--port", "{port}", *UVICORN)  # fmt: skip
    return Contestant("floor", command, ROOT)


def farol(env: Mapping[str, str]) -> Contestant:
    """Farol itself, durable logging on; `env` says which home and registry."""
    # As in deployment/Procfile; the later --http counts.
    command = (sys.executable, "-m", "uvicorn", "api.app:app", "--port", "{port}", *UVICORN,
               "--http", "api.http.protocol:BoundedProtocol")  # fmt: skip
    return Contestant("farol", command, ROOT, env={**env, "FAROL_AUTH": "off"})


def frame_app(work: Path) -> Contestant:
    """A DataFrame a request through a scikit-learn pipeline, in FastAPI."""
    python = environment(work / "frame", "fastapi", "uvicorn", "pandas")
    command = (str(python), "-m", "uvicorn", "frame_app:create_app", "--factory",
               "--port", "{port}", *UVICORN)  # fmt: skip
    return Contestant(
        "DataFrame per request", command, PEERS, version=version_in(python, "fastapi")
    )


def mlflow(work: Path) -> Contestant:
    """`mlflow models serve` with four workers."""
    python = environment(work / "mlflow", "mlflow", "pandas")
    model = work / "mlflow-model"
    if not model.exists():
        subprocess.run([str(python), "save_mlflow.py", str(model)], cwd=PEERS, check=True)
    command = (str(python), "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager",
               "local", "--workers", "4", "-p", "{port}")  # fmt: skip
    path = {"PATH": f"{python.parent}:/usr/bin:/bin"}
    body = {"dataframe_records": [dict(RECORD)]}
    version = version_in(python, "mlflow")
    return Contestant(
        "mlflow models serve", command, PEERS, "/invocations", body, env=path, version=version
    )


def bentoml(work: Path) -> Contestant:
    """BentoML with adaptive batching and four workers."""
    python = environment(work / "bento", "bentoml", "pandas")
    command = (str(python), "-m", "bentoml", "serve", "bento_service:Risk", "--port", "{port}",
               "--working-dir", str(PEERS))  # fmt: skip
    env = {"BENTOML_DO_NOT_TRACK": "1", "BENTOML_HOME": str(work / "bento-home"),
           "PYTHONPATH": str(PEERS)}  # fmt: skip
    body = {"records": [dict(RECORD)]}
    version = version_in(python, "bentoml")
    return Contestant(
        "BentoML, batching", command, PEERS, "/predict", body, env=env, version=version
    )


def environment(folder: Path, *packages: str) -> Path:
    """The Python of an environment that holds these packages and what every peer gets."""
    python = folder / "bin" / "python"
    done = folder / ".built"
    if not done.exists():
        sys.stderr.write(f"building the environment of {folder.name}\n")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        common = ("scikit-learn", "xgboost-cpu", "uvloop", "httptools")
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages, *common], check=True)
        done.touch()
    return python


def version_in(python: Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return f"{package} {done.stdout.strip()}"
