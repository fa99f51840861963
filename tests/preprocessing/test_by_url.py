"""Files at URLs: on an http server of this machine, and in fsspec's own memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest

from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.by_url import fetched, name_of, place, put, shown
from preprocessing.ingest import main

SECRET = "hunter2"
TABLE = "RA,Fase,INDE 2022,IAA,IEG,IPS,Defas\nRA-1,7,5.7,8,9,7,-1\n"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of who asked for which."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
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


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/..%2F..%2Fhome%2F.bashrc", ".bashrc"),
        ("https://host/a/%2e%2e", "file"),
        ("https://host/%2F", "host"),
        ("https://host/a%00.csv", "a.csv"),
    ],
)
def test_no_name_of_a_url_leads_out_of_the_folder_it_is_fetched_to(url: str, name: str) -> None:
    assert name_of(url) == name


class Leading(BaseHTTPRequestHandler):
    """Leads whoever asks to another address."""

    to: ClassVar[str] = ""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        Leading.asked.append(self.path)
        self.send_response(302)
        self.send_header("location", Leading.to)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("to", ["file:///etc/passwd", "/inside?key={secret}"])
def test_an_address_that_leads_to_another_is_not_followed(
    to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leading, "to", to.format(secret=SECRET))
    monkeypatch.setattr(Leading, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Leading) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            pytest.raises(ConfigurationError, match=r"answers 302, another address: give") as said,
            fetched(f"http://127.0.0.1:{server.server_port}/a.csv"),
        ):
            pass
        server.shutdown()

    assert Leading.asked == ["/a.csv"] and SECRET not in str(said.value)


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
    with (
        pytest.raises(NotThisTask, match="larger than"),
        fetched(f"memory://vault/{tmp_path.name}/", largest=9),
    ):
        pass


def test_what_is_too_large_is_not_fetched_to_its_end(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "large.csv").write_bytes(bytes(3 << 20))

    with (
        pytest.raises(NotThisTask, match=r"large\.csv: larger than 2 MB"),
        fetched(f"{address}/large.csv", largest=2 << 20),
    ):
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
    with (
        pytest.raises(ConfigurationError, match=why) as said,
        fetched(url.format(secret=SECRET)),
    ):
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


class S3(BaseHTTPRequestHandler):
    """Keeps objects as S3 does, by GET, HEAD and PUT."""

    objects: ClassVar[dict[str, bytes]] = {}
    seen: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        S3.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        S3.seen.append(self.headers.get("authorization", ""))
        self._answer(200, b"")

    def do_GET(self) -> None:
        data = S3.objects.get(self.path)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        if data is None or asked is None:
            self._answer(404 if data is None else 200, data or b"")
            return
        first, last = int(asked[1]), min(int(asked[2]), len(data) - 1)
        told = f"bytes {first}-{last}/{len(data)}"
        self._answer(206, data[first : last + 1], {"content-range": told})

    do_HEAD = do_GET

    def _answer(self, status: int, data: bytes, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.send_header("etag", '"1"')
        self.send_header("last-modified", "Fri, 27 Nov 2026 12:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_bucket_is_written_and_read_with_credentials_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(TABLE)
    with ThreadingHTTPServer(("127.0.0.1", 0), S3) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ana")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_REGION", "us-east-1")

        put(file, "s3://vault/folder/a.csv")
        with fetched("s3://vault/folder/a.csv") as path:
            assert path.read_text() == TABLE
        with (
            pytest.raises(ConfigurationError, match=r"s3://vault/none\.csv: cannot be read"),
            fetched("s3://vault/none.csv"),
        ):
            pass
        server.shutdown()

    assert S3.seen and all("Credential=ana/" in one for one in S3.seen)
    assert not any(SECRET in one for one in S3.seen)
