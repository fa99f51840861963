"""What stands for a call that may be sent again, and what seals the answer that is kept of it.

Neither the key nor the body is kept, and the answer can only be opened by who sends both again: it
is sealed with what follows from them and from the installation's data key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.limits.gate import counted_as
from api.security import Client
from model.trust.tombstone import TombstoneKey

NONCE_BYTES = 12
QUICK = 1
"""Of zlib: a batch's answer shrinks to a sixth, at a few milliseconds."""


@dataclass(frozen=True, slots=True)
class RepeatableCall:
    """A call that may be sent again.

    Attributes:
        name: stands for who sent it, for which units, and the key; within one task.
        content: stands for what is asked for.
        secret: follows from all of it, and is kept nowhere.
    """

    name: bytes
    content: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def of(
        cls,
        client: Client,
        key: bytes,
        content: Iterable[bytes],
        data_key: TombstoneKey,
    ) -> RepeatableCall:
        """The call of a client.

        Args:
            client: who sends it.
            key: its `Idempotency-Key`.
            content: what is asked for: operation, query and body.
            data_key: the installation's.
        """
        units = orjson.dumps(sorted(client.units))
        whose = (client.kind.encode(), counted_as(client).encode(), units, key)
        parts = tuple(content)
        return cls(
            _digest(data_key, b"name", *whose),
            _digest(data_key, b"content", *parts),
            _digest(data_key, b"secret", *whose, *parts),
        )

    def id_of(self, begun: datetime, index: int = 0) -> str:
        """The id of what the call makes, 32 hex digits: the same when it is sent again that day.

        So a call whose worker died midway, or that another host gets, adds nothing twice.

        Args:
            begun: when it was first sent, aware UTC.
            index: of the thing, where the call makes several.
        """
        told = f"{begun:%F} {index}".encode()
        return hmac.digest(self.secret, told, "sha256").hex()[:32]

    def seal(self, answer: bytes) -> bytes:
        """An answer that only this call opens."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, zlib.compress(answer, QUICK), self.name)

    def opened(self, sealed: bytes) -> bytes:
        """An answer that this call sealed."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return zlib.decompress(AESGCM(self.secret).decrypt(nonce, rest, self.name))


def _digest(data_key: TombstoneKey, *parts: bytes) -> bytes:
    """Of parts that no others have together: each by its own digest."""
    whole = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hmac.digest(data_key.secret, b"farol idempotency" + whole, "sha256")
