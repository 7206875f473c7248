"""The root key: where it comes from, who may read it, and that it is the database's own."""

import base64
from pathlib import Path

import pytest

from domain.kernel.errors import Unavailable
from runtime.adapters.key_provider import (
    LocalKeyProvider,
    RootKeyProblem,
    confirm_root,
    create_root_file,
    encode_root_key,
    make_root_check,
    parse_root_keys,
    read_root_file,
    root_id_of,
    write_root_file,
)
from tenancy.vault import VaultTampered

ONE, TWO = b"\x01" * 32, b"\x02" * 32


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    """DATA_DIR/master.key: 32 random bytes, mode 0600, made once."""
    path = tmp_path / "data" / "master.key"

    (key,) = create_root_file(path)

    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert create_root_file(path) == (key,)
    assert create_root_file(tmp_path / "other.key") != (key,)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777, 0o601])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """One sentence names the file, its mode and the command that mends it."""
    path = tmp_path / "master.key"
    create_root_file(path)
    path.chmod(mode)

    with pytest.raises(RootKeyProblem, match="chmod 600"):
        read_root_file(path)


def test_a_missing_key_file_is_not_made_anew(tmp_path: Path) -> None:
    """Beside an existing database a new key would only hide that the right one is lost."""
    with pytest.raises(RootKeyProblem, match="missing"):
        LocalKeyProvider.of(None, tmp_path / "master.key")
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("text", ["", "   ", "secret", base64.urlsafe_b64encode(b"x" * 31).decode(), "ключ" * 11])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    """MASTER_KEY is 32 bytes in base64url; an error never shows what was given."""
    with pytest.raises(RootKeyProblem) as raised:
        parse_root_keys(text, "REGULARS_MASTER_KEY")
    assert not text.strip() or text.strip() not in str(raised.value)


@pytest.mark.parametrize("padding", ["", "="])
def test_an_explicit_key_wins_over_the_file(tmp_path: Path, padding: str) -> None:
    """MASTER_KEY may be padded or not."""
    provider = LocalKeyProvider.of(encode_root_key(ONE) + padding, tmp_path / "master.key")

    assert provider.root_id == root_id_of(ONE)


async def test_a_wrapped_key_opens_in_its_own_context_only() -> None:
    """A tenant's key cannot be passed off as another tenant's or for another purpose."""
    provider = LocalKeyProvider([ONE])
    wrapped = await provider.wrap(b"k" * 32, context=b"a")

    assert await provider.unwrap(wrapped, root_id=provider.root_id, context=b"a") == b"k" * 32
    with pytest.raises(VaultTampered):
        await provider.unwrap(wrapped, root_id=provider.root_id, context=b"b")
    with pytest.raises(Unavailable):
        await provider.unwrap(wrapped, root_id=root_id_of(TWO), context=b"a")


async def test_another_key_than_the_databases_is_refused() -> None:
    """Starting with the wrong root would make data that the right one cannot open (decisions.md 14)."""
    checks = [await make_root_check(LocalKeyProvider([ONE]))]

    await confirm_root(LocalKeyProvider([ONE]), checks)
    await confirm_root(LocalKeyProvider([TWO, ONE]), checks)
    with pytest.raises(RootKeyProblem, match=root_id_of(ONE)):
        await confirm_root(LocalKeyProvider([TWO]), checks)


async def test_a_running_process_follows_an_exchange_of_the_file(tmp_path: Path) -> None:
    """The exchange writes the new key before the old one; a process that meets the new root reads the file again."""
    path = tmp_path / "master.key"
    create_root_file(path)
    running, exchanging = LocalKeyProvider.of(None, path), LocalKeyProvider.of(None, path)
    before = await running.wrap(b"k" * 32, context=b"a")
    old = running.root_id

    new = exchanging.add_root()
    after = await exchanging.wrap(b"k" * 32, context=b"a")

    assert new != old
    assert path.stat().st_mode & 0o777 == 0o600
    assert await running.unwrap(after, root_id=new, context=b"a") == b"k" * 32
    assert await exchanging.unwrap(before, root_id=old, context=b"a") == b"k" * 32
    assert names_in(tmp_path) == ["master.key"]


def test_a_key_in_the_environment_is_exchanged_by_the_operator_only() -> None:
    """We cannot change MASTER_KEY: the sentence says how to."""
    with pytest.raises(RootKeyProblem, match="REGULARS_MASTER_KEY"):
        LocalKeyProvider([ONE]).add_root()


def test_a_key_file_may_hold_several_keys_newest_first(tmp_path: Path) -> None:
    """Former roots stay until an operator deletes their lines, for backups of the key store."""
    path = tmp_path / "master.key"
    write_root_file(path, [TWO, ONE])

    assert read_root_file(path) == (TWO, ONE)
    assert LocalKeyProvider.of(None, path).root_id == root_id_of(TWO)
