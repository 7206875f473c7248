"""What an operator may set, and how he learns what is wrong with it."""

import pytest

from runtime.roles import derived_password, scram_verifier
from runtime.settings import PREFIX, Settings, SettingsFault, load_settings


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_every_setting_says_what_it_is() -> None:
    """The contract's list is complete, and nothing is unexplained."""
    contract = "host port data_dir database_url owner_database_url operator_key master_key demo workers public_url"
    contract += " cors_origins trusted_proxies db_country log_format log_level"

    assert set(contract.split()) <= set(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())


def test_lists_are_words_apart_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """No JSON in an environment file."""
    monkeypatch.setenv("REGULARS_CORS_ORIGINS", "https://a.example, https://b.example,")

    assert load_settings().cors_origins == ("https://a.example", "https://b.example")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files and unit files write variables without a value."""
    monkeypatch.setenv("REGULARS_DATABASE_URL", "")
    monkeypatch.setenv("REGULARS_PORT", "")

    assert load_settings().embedded
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("operator_key", "short-secret"),
        ("operator_key", "spaces are no visible characters secret"),
        ("database_url", "mysql://user:secret@host/base"),
        ("database_url", "postgresql://user:secret@host"),
        ("port", "secret"),
        ("workers", "0"),
        ("db_country", "Russia"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """One sentence; a secret in it would end in somebody's log."""
    monkeypatch.setenv(PREFIX + name.upper(), value)

    with pytest.raises(SettingsFault, match=PREFIX + name.upper()) as told:
        load_settings()

    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_the_owners_address_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could say as whom to serve."""
    monkeypatch.setenv("REGULARS_OWNER_DATABASE_URL", "postgresql://boss@host/base")

    with pytest.raises(SettingsFault, match="REGULARS_DATABASE_URL"):
        load_settings()


def test_secrets_do_not_show() -> None:
    """Settings end in tracebacks and consoles."""
    settings = load_settings(database_url="postgresql://u:hidden@h/d", operator_key="hidden-" * 6)

    assert "hidden" not in repr(settings)


def test_a_role_has_one_password_per_master_key() -> None:
    """Derived, so there is nothing to store; different for every role."""
    key = b"\x01" * 32

    assert derived_password(key, "a_app") == derived_password(key, "a_app")
    assert derived_password(key, "a_app") != derived_password(key, "a_sealer")
    assert derived_password(key, "a_app") != derived_password(b"\x02" * 32, "a_app")


def test_the_verifier_is_the_one_of_the_standard() -> None:
    """The example of RFC 7677: password `pencil`, its salt, 4096 rounds."""
    import base64

    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
