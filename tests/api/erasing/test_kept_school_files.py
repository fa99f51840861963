"""An erasure takes the student out of the school files that were sent, before it is answered."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.kept.files import KeptBytesRepository, KeptFileRepository
from tests import local
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.server import ROOT, Server, served, until
from tests.trail import entries, settled

WHO = "RA-erase-me-7731"
FILE = f"RA,Nome,Fase,IAA,IDA,IPV,Defasagem\n{WHO},Ana,3,7,8,9,-1\nRA-2,Bia,3,7,8,9,0\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[Server, SyncRegistry]]:
    home = tmp_path / "home"
    home.mkdir()
    try:
        with open_registry(lifecycle.ensure_running(home), "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            with served(home, workers=1) as server:
                until(lambda: all(w["version"] for w in server.workers()))
                yield server, registry
    finally:
        lifecycle.stop(home)


def test_no_erasure_is_answered_while_the_files_are_away(tmp_path: Path) -> None:
    home, store, away = tmp_path / "home", tmp_path / "store", tmp_path / "away"
    home.mkdir()
    try:
        with open_registry(lifecycle.ensure_running(home), "farol") as registry:
            registry.run(indexes.ensure_indexes())
        with served(home, workers=1, env={"FAROL_FILES": str(store)}) as server:
            sent = local.post(
                f"{server.url}/files?name={'é' * 200}&period=2023", content=FILE,
                headers={"content-type": "text/csv"}, timeout=60,
            )  # fmt: skip
            assert sent.json()["kept"] is True
            store.rename(away)

            refused = local.delete(f"{server.url}/students/{WHO}", timeout=60)

            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            away.rename(store)
            answer = local.delete(f"{server.url}/students/{WHO}", timeout=60)
            assert answer.json()["deleted"]["files"] == 1
            assert not any(WHO.encode() in p.read_bytes() for p in store.rglob("*") if p.is_file())
            batches = local.get(f"{server.url}/batches").json()["batches"]
            (kept,) = (p for p in store.rglob("*") if p.is_file())
            came = hashlib.sha256(FILE.encode()).hexdigest()
            assert [(b["file"], b["file_now"]) for b in batches] == [(came, kept.name)]
    finally:
        lifecycle.stop(home)


def test_the_receipt_counts_the_file_and_no_byte_of_the_home_has_the_row(
    office: tuple[Server, SyncRegistry],
) -> None:
    server, registry = office
    sent = local.post(
        f"{server.url}/files?name=pede_2023.csv", content=FILE,
        headers={"content-type": "text/csv"}, timeout=60,
    )  # fmt: skip
    assert sent.json()["kept"] is True
    (kept,) = registry.run(KeptFileRepository().newest(0))
    assert registry.run(KeptBytesRepository().get(kept.digest)) == FILE.encode()
    traced = [sys.executable, "-m", "preprocessing.trace", WHO, "--feature", "ida"]
    env = os.environ | {"FAROL_HOME": str(server.home), "FAROL_SIGNING_KEY": KEY.decode()}
    told = subprocess.run(traced, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "2023 ida: read: pede_2023.csv, row 1, column IDA, cell E2" in told.stdout

    answer = local.delete(f"{server.url}/students/{WHO}", timeout=60)

    assert answer.json()["deleted"]["files"] == 1
    (freed,) = registry.run(KeptFileRepository().newest(0))
    data = registry.run(KeptBytesRepository().get(freed.digest))
    assert data == FILE.replace(f"{WHO},Ana,3,7,8,9,-1", "").encode()
    assert (freed.file_id, freed.former) == (kept.file_id, ())
    row = base64.b64encode(FILE.encode())[60:100]
    held = [p for p in server.home.rglob("*") if p.is_file() and row in p.read_bytes()]
    assert held == []
    settled(server.home)
    assert "trace" in {entry.action for entry in registry.run(entries())}
