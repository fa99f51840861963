"""Servers that are not a healthy Farol: foreign ones, slow ones, one with another's certificate."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ALIVE = b'{"status": "ok"}'


@dataclass(frozen=True, slots=True)
class Impostor:
    """What a server answers.

    Attributes:
        body: to every call whose path `paths` does not name.
        paths: status and body by path.
        waits: seconds before each answer.
        drips: seconds between its bytes.
    """

    body: bytes = b"<h1>It works!</h1>"
    paths: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    location: str = ""
    waits: float = 0
    drips: float = 0


@contextmanager
def answering(impostor: Impostor, certificate: Path | None = None) -> Iterator[int]:
    """Serves on this machine; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(impostor.waits)
            status, body = impostor.paths.get(self.path, (200, impostor.body))
            self.send_response(308 if impostor.location else status)
            self.send_header("content-length", str(len(body)))
            if impostor.location:
                self.send_header("location", impostor.location)
            self.end_headers()
            if not impostor.drips:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(impostor.drips)

        do_POST = do_GET

        def log_message(self, format: str, *given: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def self_signed(file: Path, name: str, days: int) -> Path:
    """A certificate for that name, with its key, in one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file
