"""Secrets at rest."""

import secrets

import pytest

from reception.core.errors import InvalidInput, Unavailable
from reception.core.vault import Sealed, Vault

OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)


def test_what_is_sealed_opens_for_the_same_purpose_only() -> None:
    vault = Vault.parse(NEW)
    sealed = vault.seal("secret of a vendor", "for Ada")
    assert vault.open(sealed, "for Ada") == "secret of a vendor"
    assert b"secret" not in sealed.data
    assert vault.seal("secret of a vendor", "for Ada").data != sealed.data
    with pytest.raises(Unavailable):
        vault.open(sealed, "for Bob")
    with pytest.raises(Unavailable):
        vault.open(Sealed(sealed.key_id, sealed.data[:-1] + b"\x00"), "for Ada")


def test_the_old_key_opens_until_it_is_taken_away() -> None:
    sealed = Vault.parse(OLD).seal("secret", "x")
    both = Vault.parse(f"{NEW}, {OLD}")
    assert both.open(sealed, "x") == "secret"
    assert both.seal("secret", "x").key_id == Vault.parse(NEW).key_id
    with pytest.raises(Unavailable, match="RECEPTION_ENCRYPTION_KEY"):
        Vault.parse(NEW).open(sealed, "x")


@pytest.mark.parametrize("text", ["", "short", pytest.param(f"{NEW},", id="comma"), "!" * 43])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Vault.parse(text)
    assert "token_urlsafe" in refused.value.detail
    assert text == "" or text not in refused.value.detail
