"""What the log holds of a student, at the level that tells most."""

from __future__ import annotations

import time

from model.trust.key_seal import digest_of
from tests import local
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import served

WHO = "RA-never-logged"
FEATURE = 7.123456


def test_at_debug_no_id_feature_key_or_digest_is_written(world: World) -> None:
    with served(
        world.home, workers=1, auth="keys", access_log=True, env={"FAROL_LOG_LEVEL": "DEBUG"}
    ) as server:
        secret = keys(world.home, "create", "--name", "debug", "--scope", "admin")
        key = {"X-API-Key": secret}
        record = {"student_id": WHO, "period": "2024", "inde": FEATURE}
        done = [
            server.post("/predict", record, **key),
            server.post("/labels", {"student_id": WHO, "period": "2024", "outcome": 1}, **key),
            server.post("/labels", {"student_id": f"{WHO}-2", "period": "2024"}, **key),
            server.post(f"/predict/{WHO}?explain=true", None, **key),
            server.get(f"/students/at-risk?period={WHO}", **key),
            local.delete(f"{server.url}/students/{WHO}", headers=key, timeout=10),
        ]
        time.sleep(1)  # Keys and the champion are read again meanwhile.
    log = (world.home / "server.log").read_text()

    assert [answer.status_code for answer in done[:2]] == [200, 200]
    assert "POST /predict/* HTTP" in log
    assert "DELETE /students/* HTTP" in log
    for private in (WHO, str(FEATURE), secret, digest_of(secret)):
        assert private not in log
