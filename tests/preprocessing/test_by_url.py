"""Files at URLs: on an http server of this machine, and in fsspec's own memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.by_url import fetched, name_of, place, put, shown
from preprocessing.ingest import main

SECRET = "hunter2"
TABLE = "RA,Fase,INDE 2022,IAA,IEG,IPS,Defas\nRA-1,7,5.7,8,9,7,-1\n"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def test_a_file_over_http_is_fetched_and_gone_afterwards(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "pede 2022.csv").write_text(TABLE)

    with fetched(f"{address}/pede%202022.csv?signature={SECRET}") as path:
        assert (path.name, path.read_text()) == ("pede 2022.csv", TABLE)

    assert not path.exists() and not path.parent.exists()


def test_a_file_and_a_folder_of_a_storage_are_fetched(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(name)
        put(tmp_path / name, f"memory://vault/{tmp_path.name}/{name}")

    with fetched(f"memory://vault/{tmp_path.name}/a.csv") as path:
        assert path.read_text() == "a.csv"
    with fetched(f"memory://vault/{tmp_path.name}/", largest=10) as folder:
        assert {p.name: p.read_text() for p in folder.iterdir()} == {
            "a.csv": "a.csv", "b.csv": "b.csv",
        }  # fmt: skip
    with pytest.raises(NotThisTask, match="larger than"):
        with fetched(f"memory://vault/{tmp_path.name}/", largest=9):
            pass


def test_what_is_too_large_is_not_fetched_to_its_end(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "large.csv").write_bytes(bytes(3 << 20))

    with pytest.raises(NotThisTask, match=r"large\.csv: larger than 2 MB"):
        with fetched(f"{address}/large.csv", largest=2 << 20):
            pass


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://ana:{secret}@127.0.0.1:9/a.csv?key={secret}", "cannot be read: ConnectError"),
        ("memory://ana:{secret}@vault/none.csv?key={secret}", "cannot be read: FileNotFoundError"),
        ("nowhere://ana:{secret}@host/a.csv#{secret}", "cannot be read: ValueError"),
        ("http://[::1/a.csv?key={secret}", "cannot be read"),
    ],
)
def test_no_failure_repeats_a_password_or_a_signature(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as said:
        with fetched(url.format(secret=SECRET)):
            pass

    assert SECRET not in str(said.value)
    assert said.value.__cause__ is None and said.value.__suppress_context__


def test_nothing_is_written_over_http(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    with pytest.raises(ConfigurationError, match="nothing can be written over http") as said:
        put(tmp_path / "a", f"https://ana:{SECRET}@host/a")

    assert SECRET not in str(said.value)


def test_a_path_stays_a_path_and_a_url_is_told_without_what_is_secret() -> None:
    assert place("C:/a.csv") == Path("C:/a.csv") and place("-") == Path("-")
    assert shown(f"s3://key:{SECRET}@bucket/a.csv?versionId=1") == "s3://bucket/a.csv"
    assert name_of("https://host") == "host"


def test_the_command_reads_files_at_urls_and_says_no_secret(
    web: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, folder = web
    (folder / "pede_2022.csv").write_text(TABLE)
    (folder / "pede_2023.csv").write_text(TABLE.replace("2022", "2023"))
    storage = fsspec.filesystem("memory")
    storage.put_file(str(folder / "pede_2023.csv"), f"/{tmp_path.name}/pede_2023.csv")
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_TASK", raising=False)

    urls = [
        f"{address}/pede_2022.csv?signature={SECRET}",
        f"memory://{tmp_path.name}/pede_2023.csv",
    ]
    assert main(["--preview", *urls]) == 0
    assert main(["--preview", f"{address}/none.csv?signature={SECRET}"]) != 0

    said = capsys.readouterr()
    assert '"source":"pede_2022.csv","period":"2022"' in said.out
    assert '"source":"pede_2023.csv","period":"2023"' in said.out
    assert "none.csv: cannot be read: it answers 404" in said.err
    assert SECRET not in said.out + said.err
