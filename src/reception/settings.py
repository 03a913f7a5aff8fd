"""What an operator may set, from the environment (`RECEPTION_…`) and the command line. Read by `app` and `cli` only."""

import os
import re
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from reception.core.errors import InvalidInput
from reception.core.vault import KEY_BYTES, Vault
from reception.providers.desk import Wanted, check_wanted
from reception.providers.llm.models import LanguageConfig
from reception.providers.llm.vendors import VENDORS
from reception.providers.registry import GOOGLE_KEY_FILE, key_names
from reception.providers.spec import parse_chain

SHORTEST_SECRET = 32
_LONGEST_KEY_FILE = 65_536
SHORTEST_METRICS_TOKEN = 16
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_COLLECTOR = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_NOT_SECRETS = frozenset({"changeme", "change-me", "secret", "password", "reception", "default", "insecure"})


_NOT_IN_HEADERS = (
    "holds a character that is not plain ASCII, which no key does: copy the key once more, without quotation marks,"
    " blanks or line breaks that a text editor may have added."
)


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Every setting with its unit in its name; the defaults serve one machine, for its own user, with the demo."""

    model_config = SettingsConfigDict(
        env_prefix="RECEPTION_", frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path(".data")
    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "RECEPTION_DATABASE_URL", "DATABASE_URL")
    )
    secret_key: SecretStr | None = None
    demo: bool | None = None
    max_calls: int = Field(default=32, ge=1, le=10_000)
    max_frame_bytes: int = Field(default=1 << 20, ge=1 << 16, le=16 << 20)
    max_body_bytes: int = Field(default=1 << 20, ge=1 << 12, le=64 << 20)
    max_upload_bytes: int = Field(default=512 << 20, ge=1 << 20, le=4 << 30)
    requests_per_s: float = Field(default=50.0, ge=0.0, le=100_000.0)
    requests_burst: int = Field(default=500, ge=1, le=1_000_000)
    request_timeout_s: float = Field(default=60.0, ge=1.0, le=3600.0)
    jobs_at_once: int = Field(default=1, ge=0, le=16)
    jobs_kept_days: int = Field(default=14, ge=1, le=3650)
    knowledge_chunk_chars: int = Field(default=700, ge=200, le=4000)
    knowledge_overlap_chars: int = Field(default=0, ge=0, le=1000)
    token_minutes: int = Field(default=15, ge=1, le=24 * 60)
    session_days: int = Field(default=30, ge=1, le=365)
    previous_secret_key: SecretStr | None = None
    cors_origins: str = ""
    trusted_proxies: str = ""
    recordings_url: str = ""
    recordings_waiting_bytes: int = Field(default=8 << 30, ge=1 << 20)
    llm: str = ""
    llm_budget_s: float = Field(default=2.5, ge=0.2, le=60.0)
    dump_dir: Path | None = None
    metrics_token: SecretStr | None = None
    stt: str = ""
    tts: str = ""
    embeddings: str = ""
    speech_api_key: SecretStr | None = None
    encryption_key: SecretStr | None = None
    prices: Path | None = None
    reranker_url: str = ""
    reranker_model: str = ""
    reranker_key: SecretStr | None = None
    otlp_endpoint: str = ""
    sentry_dsn: SecretStr | None = None
    drain_s: float = Field(default=20.0, ge=0.0, le=3600.0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        key = self.secret_key.get_secret_value() if self.secret_key else ""
        if self.production:
            if not key:
                raise ValueError("In production RECEPTION_SECRET_KEY must be set: it signs every token.")
            if self.demo:
                raise ValueError("The demo hands out tokens to anybody: in production RECEPTION_DEMO must stay off.")
        if key and (len(key) < SHORTEST_SECRET or key.lower().strip("-_ 0123456789") in _NOT_SECRETS):
            raise ValueError(
                f"RECEPTION_SECRET_KEY must be at least {SHORTEST_SECRET} characters that nobody can guess. "
                'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if self.metrics_token is not None and len(self.metrics_token.get_secret_value()) < SHORTEST_METRICS_TOKEN:
            raise ValueError(f"RECEPTION_METRICS_TOKEN must be at least {SHORTEST_METRICS_TOKEN} characters.")
        if self.speech_api_key is not None and len(self.speech_api_key.get_secret_value()) < SHORTEST_METRICS_TOKEN:
            raise ValueError(f"RECEPTION_SPEECH_API_KEY must be at least {SHORTEST_METRICS_TOKEN} characters.")
        if len(set(key)) < 8 and key:
            raise ValueError("RECEPTION_SECRET_KEY repeats too few characters to be a secret.")
        return self

    @field_validator("reranker_key")
    @classmethod
    def _refuse_damaged_keys(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not _in_headers(key.get_secret_value()):
            raise ValueError(_NOT_IN_HEADERS)
        return key

    @field_validator("otlp_endpoint")
    @classmethod
    def _refuse_strange_collectors(cls, address: str) -> str:
        if address and not _COLLECTOR.fullmatch(address):
            raise ValueError("must be the address of an OTLP/HTTP collector, such as http://localhost:4318")
        return address

    @model_validator(mode="after")
    def _refuse_strange_origins(self) -> Self:
        for origin in self.allowed_origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"RECEPTION_CORS_ORIGINS: {origin[:80]} is no origin. Name sites such as "
                    "https://www.example.com, with commas between."
                )
        return self

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The web sites whose pages may call the API from a browser."""
        return tuple(origin for part in self.cors_origins.split(",") if (origin := part.strip().rstrip("/")))

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def demo_mode(self) -> bool:
        """On in development unless turned off; never in production."""
        return not self.production if self.demo is None else self.demo

    @property
    def recordings_at(self) -> str:
        """Where recordings are kept: a folder of the data directory, unless `recordings_url` names another place."""
        return self.recordings_url or str(self.data_dir / "recordings")

    @property
    def json_logs(self) -> bool:
        return self.production if self.log_format == "auto" else self.log_format == "json"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, with `overrides` that are not None on top.

    Raises:
        InvalidInput: one sentence for each setting that is wrong or unsafe, without its value.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise InvalidInput(" ".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: Any) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    name = "_".join(str(part) for part in problem["loc"]).upper().removeprefix("RECEPTION_")
    return f"RECEPTION_{name}: {message}." if name else message


def wanted_providers(settings: Settings) -> Wanted:
    """Who hears, speaks and embeds, with the keys that the environment holds for them.

    Raises:
        InvalidInput: something is named that does not exist, or whose key is missing; says which setting to mend.
    """
    keys = {
        vendor: key
        for vendor, names in key_names().items()
        if (key := next((key for name in names if (key := _key_in(name))), ""))
    }
    embeddings = parse_chain(settings.embeddings, addresses=True)
    if len(embeddings) > 1:
        raise InvalidInput("RECEPTION_EMBEDDINGS: one model only, for vectors of two models do not compare.")
    stt, tts = parse_chain(settings.stt, addresses=True), parse_chain(settings.tts, addresses=True)
    wanted = Wanted(stt, tts, embeddings[0], keys, _addresses())
    check_wanted(wanted)
    return wanted


def _key_in(name: str) -> str:
    """What the environment variable `name` holds, or the file that it names; empty where there is none that can be
    read, as a machine may name one there that is not for this.

    Raises:
        InvalidInput: it holds what no header can carry.
    """
    value = os.environ.get(name, "")
    if name != GOOGLE_KEY_FILE or not value:
        if not _in_headers(value):
            raise InvalidInput(f"{name} {_NOT_IN_HEADERS}")
        return value
    try:
        with Path(value).open(encoding="utf-8") as file:
            return file.read(_LONGEST_KEY_FILE)
    except (OSError, UnicodeDecodeError):
        return ""


def _in_headers(key: str) -> bool:
    """Whether a header can carry `key`."""
    return key.isascii() and key.isprintable()


def wanted_language(settings: Settings) -> LanguageConfig:
    """Which language models read and word answers, with the keys that the environment holds for the vendors.

    Raises:
        InvalidInput: a key is none.
    """
    keys = {name: key for name, vendor in VENDORS.items() if (key := _key_in(vendor.key_variable))}
    return LanguageConfig(settings.llm, keys, _addresses())


def _addresses() -> dict[str, str]:
    """What stands in for vendors' own addresses, as their own packages read it too."""
    address = os.environ.get("OPENAI_BASE_URL", "").rstrip("/")
    return {"openai": address} if address else {}


def encryption(settings: Settings) -> Vault | None:
    """What seals tenants' keys: by the keys set, in development by one made once and kept in the data directory (0600);
    nothing in production without a key.

    Raises:
        InvalidInput: what is set is no key.
    """
    if settings.encryption_key is not None:
        return Vault.parse(settings.encryption_key.get_secret_value())
    if settings.production:
        return None
    return Vault.parse(_kept_secret(settings.data_dir / "encryption.key", secrets.token_urlsafe(KEY_BYTES)))


def signing_key(settings: Settings) -> str:
    """The key that signs tokens: the one set, or in development one made once and kept in the data directory (0600)."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return _kept_secret(settings.data_dir / "secret.key", secrets.token_urlsafe(48))


def former_signing_keys(settings: Settings) -> tuple[str, ...]:
    """Keys that signed tokens before, and whose tokens are still good."""
    key = settings.previous_secret_key
    return () if key is None else (key.get_secret_value(),)


def _kept_secret(path: Path, made: str) -> str:
    """What the file holds, which is `made` when there was none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text(encoding="ascii").strip()
        if len(kept) < SHORTEST_SECRET:
            raise InvalidInput(f"{path} does not hold a key of {SHORTEST_SECRET} characters; remove it.") from None
        return kept
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made
