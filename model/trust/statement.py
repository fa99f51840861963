"""What the signature of a model version says: which bytes are that version, and of which task."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from model.errors import BundleError
from model.trust.signature import check, seal

PURPOSE = "version"

REMEDY = (
    "restore the signing key (FAROL_SIGNING_KEY, or signing.key from the backup), "
    "or `python -m deployment.restore --re-sign`"
)
"""What to do about any signature that does not hold; every message about one ends with it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one signature covers.

    Attributes:
        task: the TaskSpec's name.
        version: the version's name, so that its bytes do not pass under another one.
        bundle: SHA-256 of the bundle's manifest, which holds the SHA-256 of every file.
        artifact: SHA-256 of the archive in the registry.
        trained_on: SHA-256 of the list of training records.
    """

    task: str
    version: str
    bundle: str
    artifact: str
    trained_on: str

    def sign(self, key: bytes) -> str:
        """The signature of the statement, hex.

        Raises:
            BundleError: a field is no text, or the bundle's digest is not known.
        """
        self._complete()
        return seal(PURPOSE, asdict(self), key)

    def verify(self, signature: str, key: bytes) -> None:
        """Accepts the signature, or raises.

        Raises:
            BundleError: made with another key or for another statement, or of the form of before,
                which covered the archive only; the message says what to do.
        """
        self._complete()
        if not isinstance(signature, str) or not check(PURPOSE, asdict(self), signature, key):
            raise BundleError(
                f"{self.version} is not signed with this installation's key; {REMEDY}"
            )

    def _complete(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, str):
                raise BundleError(f"{name} of a signed version must be text, not {value!r:.40}")
        if not self.bundle:
            raise BundleError(
                f"{self.version} is unsigned, or signed in the form of before, which does not "
                f"cover its bundle; {REMEDY}"
            )
