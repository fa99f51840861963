"""Lists of what versions learned from: keyed ones, and those of releases before."""

from __future__ import annotations

import pytest

from model.erasing.record_ids import Learned, listed, read_list, record_id
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey

KEY = TombstoneKey(b"a data key")
RECORDS = [("RA-1", "2022"), ("RA-2", "2023")]


@pytest.mark.parametrize("key", [KEY, None], ids=["keyed", "of before"])
def test_a_list_tells_who_is_on_it(key: TombstoneKey | None) -> None:
    learned = read_list(listed(RECORDS, key), KEY)

    assert [learned.holds(*one) for one in RECORDS] == [True, True]
    assert not learned.holds("RA-1", "2023")
    assert len(learned) == 2


def test_ids_cannot_be_tried_against_a_keyed_list_without_the_key() -> None:
    content = listed(RECORDS, KEY)

    assert record_id("RA-1", "2022").encode() not in content
    assert KEY.of("RA-1").encode() not in content
    assert not read_list(content, TombstoneKey(b"another")).holds("RA-1", "2022")
    with pytest.raises(ConfigurationError, match="FAROL_DATA_KEY"):
        read_list(content, None).holds("RA-1", "2022")


def test_a_version_of_before_and_its_recalibration_of_now_are_read_together() -> None:
    both = read_list(listed(RECORDS[:1], None), KEY) | read_list(listed(RECORDS[1:], KEY), KEY)

    assert [both.holds(*one) for one in RECORDS] == [True, True]
    assert not Learned(key=KEY).holds("RA-1", "2022")
