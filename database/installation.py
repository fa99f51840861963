"""Which installation a registry belongs to: the fingerprint of its data key.

With another key a host would not recognise the tombstones, and would bring erased students back.
"""

from __future__ import annotations

from database.driver.commands import Find, InsertMany, Op
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey

COLLECTION = "installation"
DATA_KEY = "data_key"


def claim(key: TombstoneKey) -> Op[None]:
    """Records the data key's fingerprint in a registry that has none, or compares it.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
    """
    yield InsertMany(COLLECTION, [{"_id": DATA_KEY, "fingerprint": key.fingerprint}])
    yield from check(key)


def check(key: TombstoneKey) -> Op[None]:
    """Compares the data key's fingerprint, where the registry has one.

    Raises:
        ConfigurationError: the registry belongs to an installation with another data key.
    """
    found = yield Find(COLLECTION, {"_id": DATA_KEY})
    if found and found[0]["fingerprint"] != key.fingerprint:
        raise ConfigurationError(
            "FAROL_DATA_KEY: this registry was made with another data key, which recognises its "
            "erased students. Set FAROL_DATA_KEY to that of the first host, or copy the file "
            "data.key from its FAROL_HOME into this one's"
        )
