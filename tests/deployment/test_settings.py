from __future__ import annotations

import time
from pathlib import Path

import pytest

from deployment.settings import load_settings
from deployment.wiring import registry
from model.errors import ConfigurationError, RegistryUnavailable


def test_an_empty_environment_gives_working_defaults(tmp_path: Path) -> None:
    settings = load_settings({"FAROL_HOME": str(tmp_path)})

    assert settings.mongo_uri is None
    assert (settings.mongo_db, settings.task, settings.auth) == ("farol", "pede_lag", "keys")
    assert (settings.port, settings.dashboard_port) == (8000, 8501)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PORT", "eight"),
        ("MONGO_POOL_SIZE", "0"),
        ("FAROL_AUTH", "maybe"),
        ("FAROL_ASYNC_DRIVER", "tornado"),
        ("FAROL_LOG_LEVEL", "LOUD"),
        ("FAROL_LOG_FORMAT", "xml"),
        ("FAROL_OTEL_ENDPOINT", "localhost:4317"),
        ("FAROL_OTEL_SIGNALS", "profiles"),
        ("FAROL_OTEL_SHARE", "1.5"),
        ("MONGO_DB", "a b"),
        ("FAROL_RATE_CALLS", "many"),
        ("FAROL_RATE_PREDICT", "0/minute"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings({"FAROL_HOME": str(tmp_path), key: value})

    assert key in str(raised.value)
    assert value in str(raised.value)


def test_a_wrong_connection_string_is_named_but_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings({"FAROL_HOME": str(tmp_path), "MONGO_URI": "postgres://me:secret@host"})

    assert "MONGO_URI" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_secrets_are_masked_wherever_settings_are_shown(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "FAROL_HOME": str(tmp_path),
            "MONGO_URI": "mongodb://me:hush@host",
            "FAROL_SIGNING_KEY": "quiet",
        }
    )

    assert "hush" not in repr(settings)
    assert "quiet" not in repr(settings)


@pytest.mark.parametrize("name", ["signing", "data"])
def test_a_key_is_made_once_and_readable_by_its_owner_only(name: str, tmp_path: Path) -> None:
    first = load_settings({"FAROL_HOME": str(tmp_path)})
    second = load_settings({"FAROL_HOME": str(tmp_path)})

    assert getattr(first, f"{name}_key") == getattr(second, f"{name}_key")
    assert (tmp_path / f"{name}.key").stat().st_mode & 0o777 == 0o600


def test_the_two_keys_differ(tmp_path: Path) -> None:
    settings = load_settings({"FAROL_HOME": str(tmp_path)})

    assert settings.signing_key != settings.data_key


def test_a_home_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(ConfigurationError, match="FAROL_HOME"):
        load_settings({"FAROL_HOME": str(tmp_path / "file")})


@pytest.mark.parametrize(
    ("uri", "asked", "used"),
    [
        ("mongodb://host", None, "farol"),
        ("mongodb://host/?tls=true", "school", "school"),
        ("mongodb://host/school", None, "school"),
        ("mongodb+srv://me:hush@host/school?tls=true", "school", "school"),
        ("mongodb://me:hush@host/admin", None, "farol"),
        ("mongodb://me:hush@host/admin", "school", "school"),
    ],
)
def test_the_database_of_the_connection_string_is_the_one_that_is_used(
    uri: str, asked: str | None, used: str, tmp_path: Path
) -> None:
    env = {"FAROL_HOME": str(tmp_path), "MONGO_URI": uri}

    assert load_settings(env | ({"MONGO_DB": asked} if asked else {})).mongo_db == used


def test_two_databases_are_refused_with_what_to_do(tmp_path: Path) -> None:
    env = {"FAROL_HOME": str(tmp_path), "MONGO_URI": "mongodb://me:hush@host/school"}

    with pytest.raises(ConfigurationError) as raised:
        load_settings(env | {"MONGO_DB": "farol"})

    told = str(raised.value)
    assert "'school'" in told and "MONGO_DB is 'farol'" in told and "/?authSource=school" in told
    assert "hush" not in told


def test_a_database_of_the_connection_string_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="MONGO_DB='a b'"):
        load_settings({"FAROL_HOME": str(tmp_path), "MONGO_URI": "mongodb://host/a%20b"})


def test_a_mongodb_that_nobody_reaches_is_named_by_variable_and_host_and_soon(
    tmp_path: Path,
) -> None:
    uri = "mongodb://me:hush@127.0.0.1:9/?authSource=admin"
    settings = load_settings({"FAROL_HOME": str(tmp_path), "MONGO_URI": uri})
    started = time.monotonic()

    with pytest.raises(RegistryUnavailable) as raised:
        registry(settings)

    assert time.monotonic() - started < 8
    told = str(raised.value)
    assert told.startswith("MONGO_URI: no MongoDB answers at 127.0.0.1:9;")
    assert "hush" not in told and "me" not in told.split()


@pytest.mark.parametrize("where", ["https://mlflow.school:5000/x", "/srv/mlflow", ""])
def test_a_tracking_server_or_folder_is_taken(where: str, tmp_path: Path) -> None:
    settings = load_settings({"FAROL_HOME": str(tmp_path), "FAROL_MLFLOW": where})

    assert settings.mlflow.get_secret_value() == where
    assert bool(settings.tracking_digest) is bool(where)


@pytest.mark.parametrize("where", ["mlflow", "sqlite:///x.db", "https://", "ana:geheim@host"])
def test_what_is_no_tracking_server_is_refused_and_not_shown(where: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FAROL_MLFLOW: ") as raised:
        load_settings({"FAROL_HOME": str(tmp_path), "FAROL_MLFLOW": where})

    assert "geheim" not in str(raised.value)
