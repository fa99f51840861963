"""What is lost where a server does not compare before it replaces, and what is not.

Each promise is kept by the servers that compare; of FerretDB 1 the tests say that it is broken.
Where one of those fails, a later FerretDB compares: docs/servers.md and the warning may go.
"""

from __future__ import annotations

import pytest

from database.indexes import ensure_indexes
from tests.database.servers.ferretdb import FerretDB
from tests.database.servers.others import COMPARES, OTHERS, writers
from tests.database.servers.racing import holders, outcomes_lost, periods_lost, promotions_lost

RACES = 12


@pytest.mark.parametrize("uri", COMPARES, indirect=True)
def test_of_those_who_take_a_lease_at_once_one_holds_it(uri: str) -> None:
    with writers(uri, 4) as racing:
        assert holders(racing, RACES) == [1] * RACES


@pytest.mark.servers
def test_on_ferretdb_several_hold_a_lease_at_once(ferretdb: FerretDB) -> None:
    with writers(ferretdb.uri, 4) as racing:
        assert max(holders(racing, RACES)) > 1


@pytest.mark.parametrize("uri", COMPARES, indirect=True)
def test_no_period_of_a_student_is_lost_to_another_one_told_at_once(uri: str) -> None:
    with writers(uri, 4) as racing:
        assert periods_lost(racing, RACES) == 0


@pytest.mark.servers
def test_on_ferretdb_periods_of_a_student_told_at_once_are_lost(ferretdb: FerretDB) -> None:
    with writers(ferretdb.uri, 4) as racing:
        assert periods_lost(racing, RACES) > 0


@pytest.mark.parametrize("uri", ("embedded", *OTHERS), indirect=True)
def test_outcomes_told_at_once_are_right_after_a_repair_on_every_server(uri: str) -> None:
    """Each report is a document of its own that is inserted, and labels are made of them anew."""
    with writers(uri, 4) as racing:
        racing[0].run(ensure_indexes())
        assert outcomes_lost(racing, RACES) == 0


@pytest.mark.parametrize("uri", COMPARES, indirect=True)
def test_every_promotion_that_is_acknowledged_is_a_step_of_the_champion(uri: str) -> None:
    with writers(uri, 4) as racing:
        assert promotions_lost(racing, RACES) == 0


@pytest.mark.servers
def test_on_ferretdb_promotions_at_once_are_lost(ferretdb: FerretDB) -> None:
    with writers(ferretdb.uri, 4) as racing:
        assert promotions_lost(racing, RACES) > 0
