"""What an operator may set: environment variables that begin with `REGULARS_`."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "REGULARS_"
Listed = Annotated[tuple[str, ...], NoDecode]


class SettingsFault(Exception):
    """A setting that cannot be used; the text is one sentence that names it and never repeats its value."""


class Settings(BaseSettings):
    """The settings of one installation, each with its default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="The address to listen on; 0.0.0.0 means all of this machine.")
    port: int = Field(8000, ge=1, le=65535, description="The port to listen on.")
    data_dir: Path = Field(Path(".regulars"), description="Where the embedded database, the keys and the logs are.")
    database_url: SecretStr | None = Field(
        None, description="postgresql://… of your own server, as the application's role; unset: the embedded server."
    )
    owner_database_url: SecretStr | None = Field(
        None, description="The same database as the owner of its tables; used by migrate, keys rotate and backup only."
    )
    operator_key: SecretStr | None = Field(
        None, description="The operator's key, 32 to 200 visible characters; unset: made and printed at first start."
    )
    master_key: SecretStr | None = Field(
        None, description="The root of all keys, 32 bytes in base64url; unset: the file master.key in DATA_DIR."
    )
    demo: bool = Field(True, description="Whether the first start of an embedded database makes a demo shop.")
    workers: int = Field(2, ge=1, le=64, description="How many processes answer HTTP.")
    public_url: str | None = Field(None, description="How clients reach this installation; unset: http://HOST:PORT.")
    cors_origins: Listed = Field((), description="Origins whose pages may call the API, apart by commas; * is all.")
    trusted_proxies: Listed = Field((), description="Networks whose X-Forwarded-For is believed, apart by commas.")
    db_country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="The country the database stands in, two letters; for transfer rules."
    )
    till_pool_size: int = Field(4, ge=1, le=100, description="Connections per process for receipts and look-ups.")
    pool_size: int = Field(6, ge=1, le=100, description="Connections per process for everything else.")
    metrics: bool = Field(False, description="Whether /metrics answers Prometheus; needs the extra telemetry.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("operator_key")
    @classmethod
    def _visible(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            text = value.get_secret_value()
            if not 32 <= len(text) <= 200 or not all("!" <= character <= "~" for character in text):
                msg = "must be 32 to 200 visible ASCII characters without spaces"
                raise ValueError(msg)
        return value

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme.split("+")[0] not in {"postgresql", "postgres"} or not parts.path.strip("/"):
                msg = "must look like postgresql://user:password@host:5432/database"
                raise ValueError(msg)
        return value

    @property
    def url(self) -> str:
        """Return how clients reach this installation, without a slash at the end."""
        return (self.public_url or f"http://{local_name(self.host)}:{self.port}").rstrip("/")

    @property
    def embedded(self) -> bool:
        """Return whether the database is a child of ours."""
        return self.database_url is None and self.owner_database_url is None

    @property
    def master_key_file(self) -> Path:
        """Return where the root key is kept unless `master_key` is set."""
        return self.data_dir / "master.key"

    @property
    def demo_key_file(self) -> Path:
        """Return where the demo shop's key is kept (mode 0600)."""
        return self.data_dir / "demo-key"


def local_name(host: str) -> str:
    """Return the name by which this machine reaches what listens on `host`, ready for a URL."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read here, not listened on
    return f"[{name}]" if ":" in name else name


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; `overrides` win over it.

    Raises:
        SettingsFault: a value cannot be used.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "a setting"
        raise SettingsFault(f"{name}: {first['msg'].removeprefix('Value error, ')}.") from None
    if settings.database_url is None and settings.owner_database_url is not None:
        raise SettingsFault(
            "REGULARS_OWNER_DATABASE_URL is set and REGULARS_DATABASE_URL is not; set both, or neither."
        )
    return settings
