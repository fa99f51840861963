"""Settings, built once from a mapping that is passed in.

Every wrong value stops the start with the key, the value and what would be right; secrets are never
shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from database.driver.options import database_of
from deployment.home import TASK_FILE, TASKS, in_home, kept_key
from deployment.logs import LogFormat, LogLevel
from deployment.setting_values import (
    FILES_IN_REGISTRY,
    FILES_OFF,
    FilesPlace,
    Headers,
    NoticeAddresses,
    Port,
    Rate,
    SigningKey,
    TrackingPlace,
    WebAddress,
    parsed_headers,
)
from model.errors import ConfigurationError
from model.pseudonyms.pseudonyms import SHORTEST_SECRET, Pseudonyms
from model.telemetry.signals import OtelSignal
from model.trust.token_issuer import TokenIssuer
from model.trust.tombstone import TombstoneKey

KEYS: Mapping[str, str] = {
    "mongo_uri": "MONGO_URI",
    "mongo_db": "MONGO_DB",
    "mongo_pool_size": "MONGO_POOL_SIZE",
    "home": "FAROL_HOME",
    "task": "FAROL_TASK",
    "tasks": "FAROL_TASKS",
    "auth": "FAROL_AUTH",
    "log_level": "FAROL_LOG_LEVEL",
    "log_format": "FAROL_LOG_FORMAT",
    "async_driver": "FAROL_ASYNC_DRIVER",
    "otel_endpoint": "FAROL_OTEL_ENDPOINT",
    "otel_headers": "FAROL_OTEL_HEADERS",
    "otel_signals": "FAROL_OTEL_SIGNALS",
    "otel_share": "FAROL_OTEL_SHARE",
    "port": "PORT",
    "dashboard_port": "DASHBOARD_PORT",
    "runs_at_once": "FAROL_RUNS_AT_ONCE",
    "signing_key": "FAROL_SIGNING_KEY",
    "data_key": "FAROL_DATA_KEY",
    "notices": "FAROL_NOTICES",
    "dashboard_url": "FAROL_DASHBOARD_URL",
    "api_url": "FAROL_API_URL",
    "oidc_email": "FAROL_OIDC_EMAIL",
    "rate_predict": "FAROL_RATE_PREDICT",
    "rate_calls": "FAROL_RATE_CALLS",
    "rate_address": "FAROL_RATE_ADDRESS",
    "rate_refused": "FAROL_RATE_REFUSED",
    "jwt_issuer": "FAROL_JWT_ISSUER",
    "jwt_audience": "FAROL_JWT_AUDIENCE",
    "jwt_keys": "FAROL_JWT_KEYS",
    "backup_days": "FAROL_BACKUP_DAYS",
    "pseudonyms": "FAROL_PSEUDONYMS",
    "pseudonym_key": "FAROL_PSEUDONYM_KEY",
    "mlflow": "FAROL_MLFLOW",
    "files": "FAROL_FILES",
    "dask": "FAROL_DASK",
}
DEFAULT_TASK = "pede_lag"
HOST_KEYS = ("signing_key", "data_key")
"""Made once and kept in the home where none is given."""


class Settings(BaseModel):
    """What an operator can set.

    Attributes:
        mongo_uri: MongoDB's connection string; None starts the embedded registry.
        mongo_db: the root database: tasks, keys, audit, and the first task's records.
        mongo_pool_size: connections to the registry that a process may hold.
        home: embedded data, live models, outboxes.
        task: the default task, or the one that a command was asked for: a name or a path.
        tasks: all that this host serves, the default one first.
        auth: `off` asks for no key and answers this machine only; `make run` sets it unless told.
        log_level: of Farol's own lines; libraries are heard from `WARNING` on.
        log_format: `text`, or `json` for lines that a program reads.
        async_driver: what the API talks to MongoDB with.
        port: where the API listens under `make run`.
        dashboard_port: where the dashboard does.
        runs_at_once: retraining runs and drift checks of this host's worker at the same time, of
            different tasks; one of a task at a time.
        signing_key: signs bundles; hosts that share a registry must share it. When unset, one is
            made and kept in `home`.
        data_key: hashes what must be recognised without being kept, an erased student's id say. It
            belongs to the data: hosts that share a registry share it, and a backup holds it.
        notices: where people are told what the watch finds: addresses with blanks between.
        dashboard_url: the dashboard as people reach it, for links in notices.
        api_url: the API as the dashboard and the worker reach it; None: not told.
        otel_endpoint: where telemetry goes over OTLP; None: nowhere.
        otel_headers: what is sent with it, a token say: `NAME=VALUE` with commas between.
        otel_signals: what is told there.
        otel_share: of the traces that begin here, those that are told.
        backup_days: how long backups are kept; receipts of erasures say from when none holds the
            student. None: not told.
        oidc_email: whether an organisation's log-in has to say that it verified an address.
        rate_predict: calls of `/predict` with one key that a worker answers.
        rate_calls: other calls with one key.
        rate_address: calls without a known key from one address.
        rate_refused: unknown keys from one address.
        jwt_issuer: whose JSON Web Tokens are believed; all three of `jwt_...`, or none.
        jwt_audience: what a token for this installation names.
        jwt_keys: the issuer's public keys, a JWKS: a file or an https address.
        pseudonyms: `key` keeps no student's id, but a keyed pseudonym of it.
        pseudonym_key: makes those. It is never made or kept here: it is to be where the registry,
            its backups and the signing key are not.
        mlflow: the tracking server or folder that runs and versions are sent to; empty: none.
        files: where school files are kept as they came: `registry`, `off`, or a URL or path. It may
            hold a password. Empty: in the registry, or nowhere where ids are kept as pseudonyms,
            for a file holds them in the clear.
        dask: the scheduler whose workers do what can be done side by side; None: this process does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mongo_uri: SecretStr | None = None
    mongo_db: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")] = "farol"
    mongo_pool_size: Annotated[int, Field(ge=1, le=1000)] = 20
    home: Path = Path(".farol")
    task: Annotated[str, Field(min_length=1)] = DEFAULT_TASK
    tasks: tuple[Annotated[str, Field(min_length=1)], ...] = (DEFAULT_TASK,)
    auth: Literal["keys", "off"] = "keys"
    log_level: LogLevel = "INFO"
    log_format: LogFormat = "text"
    async_driver: Literal["pymongo", "motor"] = "pymongo"
    otel_endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")] | None = None
    otel_headers: Headers = SecretStr("")
    otel_signals: frozenset[OtelSignal] = frozenset(OtelSignal)
    otel_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    port: Port = 8000
    dashboard_port: Port = 8501
    runs_at_once: Annotated[int, Field(ge=1, le=64)] = 2
    signing_key: SigningKey
    data_key: SecretBytes
    notices: NoticeAddresses = SecretStr("")
    dashboard_url: WebAddress | None = None
    api_url: WebAddress | None = None
    oidc_email: Literal["verified", "any"] = "verified"
    rate_predict: Rate = "1000000/10 minutes"
    rate_calls: Rate = "60000/10 minutes"
    rate_address: Rate = "6000/10 minutes"
    rate_refused: Rate = "3000/10 minutes"
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_keys: Annotated[str, Field(pattern=r"^(https://\S+|[^:]*)$")] = ""
    backup_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    pseudonyms: Literal["off", "key"] = "off"
    pseudonym_key: SecretBytes | None = None
    mlflow: TrackingPlace = SecretStr("")
    files: FilesPlace = SecretStr("")
    dask: Annotated[str, Field(pattern=r"^(tcp|tls)://[^\s/@]+:\d{1,5}$")] | None = None

    @field_validator("otel_signals", mode="before")
    @classmethod
    def _signals_are_listed(cls, signals: object) -> object:
        return [s.strip() for s in signals.split(",")] if isinstance(signals, str) else signals

    @model_validator(mode="after")
    def _files_are_kept_where_ids_may_be(self) -> Settings:
        if self.pseudonyms == "key" and self.files.get_secret_value() not in {"", FILES_OFF}:
            raise ValueError(
                "FAROL_FILES keeps files with ids in the clear, and FAROL_PSEUDONYMS=key keeps "
                "none; leave FAROL_FILES out, or set it to off"
            )
        return self

    @model_validator(mode="after")
    def _pseudonyms_have_a_key_of_their_own(self) -> Settings:
        given = self.pseudonym_key and self.pseudonym_key.get_secret_value()
        if self.pseudonyms == "off" and given:
            raise ValueError(
                "FAROL_PSEUDONYM_KEY is set and FAROL_PSEUDONYMS is not: set FAROL_PSEUDONYMS=key, "
                "or ids would be kept in the clear"
            )
        if self.pseudonyms == "key" and len(given or b"") < SHORTEST_SECRET:
            raise ValueError(
                f"FAROL_PSEUDONYMS=key needs FAROL_PSEUDONYM_KEY, {SHORTEST_SECRET} characters or "
                "more; `python -m api.pseudonyms new-key` makes one"
            )
        others = (self.signing_key.get_secret_value(), self.data_key.get_secret_value())
        if given and given in others:
            raise ValueError("FAROL_PSEUDONYM_KEY must be another one than the other keys are")
        return self

    def of_task(self, name_or_path: str) -> Settings:
        """The same settings, for what works on that task."""
        return self.model_copy(update={"task": in_home(self.home, name_or_path)})

    @property
    def token_issuer(self) -> TokenIssuer | None:
        """Whose tokens are believed; None where none are."""
        if not self.jwt_issuer:
            return None
        return TokenIssuer(self.jwt_issuer, self.jwt_audience, self.jwt_keys)

    @property
    def otlp_headers(self) -> Mapping[str, str]:
        """What is sent with telemetry."""
        return parsed_headers(self.otel_headers)

    @property
    def tracking_digest(self) -> str:
        """What tells one tracking server from another without naming it; empty where none is."""
        where = self.mlflow.get_secret_value()
        return hashlib.sha256(where.encode()).hexdigest() if where else ""

    @property
    def tombstone_key(self) -> TombstoneKey:
        """What recognises erased students."""
        return TombstoneKey(self.data_key.get_secret_value())

    @property
    def student_pseudonyms(self) -> Pseudonyms | None:
        """What students' ids become at the door; None where they are kept in the clear."""
        key = self.pseudonym_key
        return None if key is None else Pseudonyms(key.get_secret_value())

    @property
    def keeps_files(self) -> bool:
        """Whether school files are kept as they came."""
        return self.pseudonyms == "off" and self.files.get_secret_value() != FILES_OFF

    def files_of(self, task: str) -> str | None:
        """Where the files of a task are kept, a URL or path; None: in its registry."""
        said = self.files.get_secret_value()
        inside = said in {"", FILES_OFF, FILES_IN_REGISTRY}
        return None if inside else f"{said.rstrip('/')}/{task}"

    def home_of(self, task: str) -> Path:
        """Where this host keeps the live model, outbox, lock and tuning of a task, by its name."""
        return self.home / TASKS / task


SECRETS = frozenset(
    KEYS[name]
    for name, field in Settings.model_fields.items()
    if "Secret" in str(field.annotation)  # In a union too: rather one too many than one shown.
)
"""The variables whose values are never shown: those of secret fields."""


def load_settings(env: Mapping[str, str]) -> Settings:
    """Builds the settings from an environment-like mapping; empty values count as unset.

    Raises:
        ConfigurationError: a value is wrong; the message names the key, the value (unless secret)
            and the reason.
    """
    given = {field: env[key] for field, key in KEYS.items() if env.get(key)}
    uri = given.get("mongo_uri", "mongodb://")
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise ConfigurationError("MONGO_URI must start with mongodb:// or mongodb+srv://")
    _require_whole_issuer(given)
    given["mongo_db"] = chosen_database(uri, given.get("mongo_db"), "MONGO_URI", "MONGO_DB")
    home = Path(given.get("home", ".farol")).absolute()
    tasks = _tasks(home, given.pop("task", None), given.pop("tasks", None))
    keys = {
        name: given.get(name, "").encode() or kept_key(home / f"{name.removesuffix('_key')}.key")
        for name in HOST_KEYS
    }
    try:
        return Settings.model_validate(
            {**given, "home": home, "task": tasks[0], "tasks": tasks, **keys}
        )
    except ValidationError as error:
        raise ConfigurationError("; ".join(_explain(e) for e in error.errors())) from error


def _require_whole_issuer(given: Mapping[str, str]) -> None:
    """Tokens without a known issuer, audience or key would be anybody's."""
    asked = {name: KEYS[name] for name in ("jwt_issuer", "jwt_audience", "jwt_keys")}
    missing = [key for name, key in asked.items() if name not in given]
    if 0 < len(missing) < len(asked):
        raise ConfigurationError(
            f"{', '.join(missing)} must be set too: tokens need {', '.join(asked.values())}"
        )


def chosen_database(uri: str, asked: str | None, key: str, name: str) -> str:
    """The database that a connection string names, or the one that is asked for beside it.

    Args:
        uri: the connection string.
        asked: the database asked for; None for none.
        key: what the connection string was given as.
        name: what the database was asked for as.

    Raises:
        ConfigurationError: both are given and differ.
    """
    named = database_of(uri)
    if named is not None and asked is not None and named != asked:
        raise ConfigurationError(
            f"{key} names the database {named!r} and {name} is {asked!r}; leave one of them out. "
            f"Where only the credentials are in {named!r}, write {key} with /?authSource={named}"
        )
    return named or asked or "farol"


def _tasks(home: Path, default: str | None, listed: str | None) -> tuple[str, ...]:
    """The default task and the others: those that are listed, or those added to the home."""
    names = [name.strip() for name in (listed or "").split(",") if name.strip()]
    if not names:
        added = sorted(home.glob(f"{TASKS}/*/{TASK_FILE}"))
        names = [default or DEFAULT_TASK, *(str(path) for path in added)]
    elif default is not None:
        names = [default, *names]
    return tuple(dict.fromkeys(in_home(home, name) for name in names))


def _explain(error: ErrorDetails) -> str:
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")  # Of several values, which it names.
    key = KEYS[str(error["loc"][0])]
    shown = "" if key in SECRETS else f"={error['input']!r}"
    return f"{key}{shown}: {error['msg']}"
