"""Hosts with a network of their own each, which can be cut: namespaces, joined by a bridge.

A cut takes the carrier away at the bridge, so that packets are lost without a word: nobody is told
that a connection ended, which is the worst way to lose a network.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from tests.faults.proxy import Proxy

Result = TypeVar("Result")

ADDRESS = "10.77.0.1"
PORT = 27017
OF_NETWORKS = 0x40000000
"""`CLONE_NEWNET` of `sched.h`."""


@dataclass(frozen=True, slots=True)
class Network:
    """A bridge in a namespace of its own, with the registry at it, and a port for each host.

    Attributes:
        hub: the bridge's namespace.
        hosts: the hosts' namespaces.
        uri: of the registry, as hosts reach it.
    """

    hub: str
    hosts: tuple[str, ...]
    uri: str

    def cut(self, number: int) -> None:
        """Takes a host off the network."""
        _ip("-n", self.hub, "link", "set", f"p{number}", "down")

    def heal(self, number: int) -> None:
        """Puts it back."""
        _ip("-n", self.hub, "link", "set", f"p{number}", "up")


def impossible() -> str:
    """Why there can be no namespaces here; empty where there can."""
    if shutil.which("ip") is None:
        return "there is no `ip` (Debian: iproute2)"
    name = f"farol-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if tried.returncode:
        return f"network namespaces are not permitted here: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


@contextmanager
def network(registry: str, number: int) -> Iterator[Network]:
    """So many hosts, and a registry that they reach through a port of the bridge.

    Args:
        registry: the address of an embedded registry.
        number: of hosts.
    """
    hub = f"farol-hub-{os.getpid()}"
    hosts = tuple(f"farol-{place}-{os.getpid()}" for place in range(number))
    try:
        _bridge(hub)
        for place, host in enumerate(hosts):
            _join(hub, host, place)
        with _relay(hub, registry) as uri:
            yield Network(hub, hosts, uri)
    finally:
        for name in (hub, *hosts):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


class Inside:
    """Makes calls from inside a namespace, in a thread that has entered it.

    Args:
        namespace: its name.
    """

    def __init__(self, namespace: str) -> None:
        self._thread = ThreadPoolExecutor(1, initializer=enter, initargs=(namespace,))

    def __call__(self, call: Callable[[], Result]) -> Result:
        """What the call gives."""
        return self._thread.submit(call).result()

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown()


def enter(namespace: str) -> None:
    """This thread's sockets are in that namespace from here on.

    Raises:
        OSError: it may not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", namespace).open("rb") as file:
        if libc.setns(file.fileno(), OF_NETWORKS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def command(namespace: str, *words: str) -> Sequence[str]:
    """A command in a namespace."""
    return ["ip", "netns", "exec", namespace, *words]


def _bridge(hub: str) -> None:
    _ip("netns", "add", hub)
    _ip("-n", hub, "link", "set", "lo", "up")
    _ip("-n", hub, "link", "add", "name", "bridge", "type", "bridge")
    _ip("-n", hub, "addr", "add", f"{ADDRESS}/24", "dev", "bridge")
    _ip("-n", hub, "link", "set", "bridge", "up")


def _join(hub: str, host: str, place: int) -> None:
    _ip("netns", "add", host)
    _ip("-n", host, "link", "set", "lo", "up")
    _ip(
        "-n", hub, "link", "add", f"p{place}", "type", "veth", "peer", "name", "wire", "netns", host
    )
    _ip("-n", hub, "link", "set", f"p{place}", "master", "bridge", "up")
    _ip("-n", host, "addr", "add", f"{ADDRESS[:-1]}{10 + place}/24", "dev", "wire")
    _ip("-n", host, "link", "set", "wire", "up")


@contextmanager
def _relay(hub: str, registry: str) -> Iterator[str]:
    """A port of the hub before the registry's socket."""
    inside = Inside(hub)
    listener = inside(lambda: socket.create_server((ADDRESS, PORT)))
    proxy = Proxy(
        f"mongodb://{ADDRESS}:{PORT}/?directConnection=true", unquote(urlsplit(registry).netloc)
    )
    proxy.passing.set()
    serving = threading.Thread(target=proxy.serve, args=(listener,), daemon=True)
    serving.start()
    try:
        yield proxy.uri
    finally:
        proxy.close()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        serving.join(5)
        inside.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
