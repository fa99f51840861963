"""A webhook and a mail server on loopback that keep what they are sent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Webhook:
    """What was posted, and what is answered next."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.code = 200

    def url(self, path: str = "/hook") -> str:
        """Its address in the library's words."""
        return f"json://127.0.0.1:{self.port}{path}"


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.paths.append(self.path)
            if found.code == 200:
                found.received.append(json.loads(body))
            self.send_response(found.code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Webhook(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


class Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Mail] = []
        self.recipients: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keeps a mail, or refuses it."""
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.received.append(message_from_bytes(content, policy=default))
            self.recipients += envelope.rcpt_tos
        return self.answer

    def url(self, to: str = "head@school.org") -> str:
        """Its address in the library's words, without TLS."""
        return f"mailto://127.0.0.1:{self.port}?from=farol@school.org&to={to}&mode=insecure"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server that answers until the block ends."""
    found = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found.port = free.getsockname()[1]  # The controller cannot be asked which port it chose.
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()
