"""A backup that is written to a URL and restored from one."""

from __future__ import annotations

import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.students import StudentRepository
from deployment import backup, restore
from tests.database.builders import observation
from tests.deployment.test_backup import opened
from tests.preprocessing.test_by_url import QuietHandler

SECRET = "hunter2"


def test_a_backup_goes_to_a_url_and_comes_back_from_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, other, vault = tmp_path / "home", tmp_path / "other", tmp_path / "vault"
    vault.mkdir()
    with opened(home) as here:
        here.registry.run(ensure_indexes())
        here.registry.run(StudentRepository().observe([observation("RA-1")]))
        monkeypatch.setenv("FAROL_HOME", str(home))
        where = f"memory://{tmp_path.name}/farol.backup"
        assert backup.main(["--to", where]) == 0
        assert backup.main(["--to", f"nowhere://ana:{SECRET}@host/x"]) == 2
    fsspec.filesystem("memory").get_file(f"/{tmp_path.name}/farol.backup", str(vault / "b"))
    handler = partial(QuietHandler, directory=str(vault))
    monkeypatch.setenv("FAROL_HOME", str(other))
    try:
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/b?signature={SECRET}"
            assert restore.main(["--from", url]) == 0
            server.shutdown()
        with opened(other) as there:
            assert there.registry.run(StudentRepository().get("RA-1")).latest.student_id == "RA-1"
    finally:
        lifecycle.stop(other)

    said = capsys.readouterr()
    assert f"{where}: " in said.out and "nowhere://host/x: cannot be written" in said.err
    assert SECRET not in said.out + said.err
