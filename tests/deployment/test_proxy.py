"""The proxy's file, and nginx with it in front of a real server where nginx is installed."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from database.embedded import lifecycle
from tests.api.server import free_port, served, until

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deployment" / "proxy" / "nginx.conf"
NAME = "api.farol.example"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
installed = pytest.mark.skipif(
    not Path(NGINX).exists() or shutil.which("openssl") is None, reason="nginx is not installed"
)
SLOW = 30

MAIN = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/farol.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A server behind nginx.

    Attributes:
        tls: the port for HTTPS.
        plain: the port for HTTP.
    """

    tls: int
    plain: int

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client that comes from that address of this machine."""
        transport = httpx.HTTPTransport(verify=unchecked(), local_address=address)
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.tls}",
            transport=transport,
            headers={"host": NAME},
            timeout=20,
        )


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_every_server_of_the_proxy_speaks_tls_or_sends_there() -> None:
    text = CONFIGURATION.read_text("utf-8")
    servers = re.split(r"^server \{$", text, flags=re.MULTILINE)[1:]

    assert len(servers) == 3
    assert ["ssl_certificate_key" in one for one in servers] == [False, True, True]
    assert "return 308 https://" in servers[0]
    assert all("Strict-Transport-Security" in one for one in servers if "listen 443" in one)
    assert text.count("{") == text.count("}")


def test_no_address_that_a_caller_tells_goes_through_the_proxy() -> None:
    text = CONFIGURATION.read_text("utf-8")

    assert "$proxy_add_x_forwarded_for" not in text
    assert text.count("X-Forwarded-For $remote_addr") == 2


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("nginx")
    tls, plain = free_port(), free_port()
    limit = {"FAROL_RATE_ADDRESS": "100/10 minutes"}
    try:
        with served(home, workers=1, auth="keys", env=limit) as server:
            _configure(folder, tls, plain, int(server.url.rpartition(":")[2]))
            process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")])
            try:
                until(lambda: _listens(tls))
                yield Proxied(tls, plain)
            finally:
                process.terminate()
                process.wait(20)
    finally:
        lifecycle.stop(home)


def _configure(folder: Path, tls: int, plain: int, api: int) -> None:
    named = ("-subj", f"/CN={NAME}", "-keyout", folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *(*named, "-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    text = CONFIGURATION.read_text("utf-8")
    for given, here in {
        "/etc/ssl/farol/": f"{folder}/",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "127.0.0.1:8000": f"127.0.0.1:{api}",
        "client_header_timeout 10s": "client_header_timeout 1s",
        "allow 127.0.0.1;": "allow 127.0.0.9;",
    }.items():
        assert given in text
        text = text.replace(given, here)
    (folder / "farol.conf").write_text(text, "utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder), "utf-8")


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@installed
@pytest.mark.slow
def test_nginx_takes_the_file_and_answers_over_tls_alone(proxied: Proxied) -> None:
    with proxied.client() as client:
        alive = client.get("/health/live")
        secret = {
            client.get(path).status_code
            for path in ("/metrics", "/v1/metrics", "/tasks/pede_lag/metrics",
                         "/v1/tasks/pede_lag/metrics")
        }  # fmt: skip
    plain = httpx.get(f"http://127.0.0.1:{proxied.plain}/schema", headers={"host": NAME})
    with proxied.client("127.0.0.9") as prometheus:
        metrics = prometheus.get("/metrics")

    assert alive.status_code == 200
    assert alive.headers["strict-transport-security"] == "max-age=31536000"
    assert alive.headers["x-content-type-options"] == "nosniff"
    assert "uvicorn" not in alive.headers["server"]
    assert plain.status_code == 308
    assert plain.headers["location"] == f"https://{NAME}/schema"
    assert (secret, metrics.status_code) == ({403}, 200)


@installed
@pytest.mark.slow
def test_behind_the_proxy_each_address_is_counted_by_itself_whatever_it_says(
    proxied: Proxied,
) -> None:
    with proxied.client("127.0.0.5") as runaway, proxied.client("127.0.0.6") as other:
        answers = [
            runaway.get("/health/live", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
            for n in range(110)
        ]

        assert (answers[80], answers[-1]) == (200, 429)
        assert other.get("/health/live").status_code == 200


@installed
@pytest.mark.slow
def test_connections_that_drip_end_at_the_proxy_and_others_are_answered(proxied: Proxied) -> None:
    context = unchecked()
    dripping = []
    for _ in range(SLOW):
        plain = socket.create_connection(("127.0.0.1", proxied.tls))
        one = context.wrap_socket(plain, server_hostname=NAME)
        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        dripping.append(one)
    with proxied.client("127.0.0.7") as client:
        started = time.monotonic()
        assert client.get("/health/live").status_code == 200
        assert time.monotonic() - started < 5
    for one in dripping:
        one.settimeout(20)
        while one.recv(4096):
            pass
        one.close()
