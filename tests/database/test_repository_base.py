"""What every repository shares, on a repository of the tests' own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from database.driver.commands import Op, Sort
from database.driver.paging import PART
from database.repository import Repository
from model.errors import NotFound
from tests.database.drivers import MongomockRegistry

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Remark:
    remark_id: str
    at: datetime
    text: str = ""


class RemarkRepository(Repository[Remark]):
    collection = "remarks"
    record = Remark
    key = "remark_id"
    missing = "remark {}"

    def put(self, remark: Remark) -> Op[None]:
        yield from self._put(remark)

    def sorted_by(self, sort: Sort | None) -> Op[list[Remark]]:
        return (yield from self._matching({}, sort=sort))


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("remarks")


def fill(registry: MongomockRegistry, number: int) -> list[Remark]:
    remarks = [
        Remark(f"r{i:04}", START + timedelta(minutes=i), f"{number - i:04}") for i in range(number)
    ]
    for remark in remarks:
        registry.run(RemarkRepository().put(remark))
    return remarks


def test_a_record_that_is_not_there_is_named(registry: MongomockRegistry) -> None:
    with pytest.raises(NotFound, match=r"^remark r1$"):
        registry.run(RemarkRepository().get("r1"))


def test_more_records_than_one_message_holds_are_all_found(registry: MongomockRegistry) -> None:
    remarks = fill(registry, PART + 1)

    found = registry.run(RemarkRepository().get_many([r.remark_id for r in remarks]))

    assert list(found.values()) == remarks


def test_fifty_records_are_given_newest_first_unless_more_are_asked_for(
    registry: MongomockRegistry,
) -> None:
    remarks = fill(registry, 52)

    assert registry.run(RemarkRepository().newest()) == remarks[:1:-1]
    assert registry.run(RemarkRepository().newest(0)) == remarks[::-1]


def test_another_order_can_be_asked_for(registry: MongomockRegistry) -> None:
    remarks = fill(registry, 3)

    assert registry.run(RemarkRepository().sorted_by([("text", 1)])) == remarks[::-1]
    assert registry.run(RemarkRepository().sorted_by([("text", -1)])) == remarks


def test_a_record_that_is_put_again_takes_the_place_of_the_first(
    registry: MongomockRegistry,
) -> None:
    registry.run(RemarkRepository().put(Remark("r1", START, "first")))
    registry.run(RemarkRepository().put(Remark("r1", START, "second")))

    assert registry.run(RemarkRepository().get("r1")).text == "second"
    assert registry.run(RemarkRepository().count()) == 1
