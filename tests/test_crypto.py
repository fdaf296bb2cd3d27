"""Encryption, look-up and secrets."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapor import crypto
from lapor.crypto import Keyring, Undecipherable

OLD, NEW = ("k1", os.urandom(32)), ("k2", os.urandom(32))
FIND_OLD, FIND_NEW = ("k1", os.urandom(32)), ("k2", os.urandom(32))
RING = Keyring([NEW, OLD], [FIND_NEW, FIND_OLD])


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(max_size=40, alphabet="abc:-0"))
def test_what_is_encrypted_is_read_again(text, context):
    assert RING.decrypt(RING.encrypt(text, context), context).decode() == text


def test_the_same_text_never_looks_the_same_twice():
    assert RING.encrypt("0812-0000-1234", "phone") != RING.encrypt("0812-0000-1234", "phone")


def test_a_value_copied_to_another_row_is_refused_there():
    sealed = RING.encrypt("Bu Tini", "identity:1:name")
    with pytest.raises(Undecipherable):
        RING.decrypt(sealed, "identity:2:name")


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_changed_byte_anywhere_is_noticed(position, change):
    sealed = bytearray(RING.encrypt("Bu Tini", "name"))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(Undecipherable):
        RING.decrypt(bytes(sealed), "name")


@given(st.binary(max_size=60))
def test_bytes_from_elsewhere_are_refused(garbage):
    with pytest.raises(Undecipherable):
        RING.decrypt(garbage, "name")


def test_a_value_of_the_old_key_is_still_read_and_new_ones_carry_the_new_version():
    before = Keyring([OLD], [FIND_OLD])
    assert RING.decrypt(before.encrypt("Bu Tini", "name"), "name") == b"Bu Tini"
    assert RING.encrypt("Bu Tini", "name").startswith(b"\x02k2")
    with pytest.raises(Undecipherable):
        before.decrypt(RING.encrypt("Bu Tini", "name"), "name")


def test_a_value_is_found_by_every_key_and_only_in_its_context():
    before = Keyring([OLD], [FIND_OLD])
    assert RING.lookups("0812", "phone") == [RING.lookup("0812", "phone"), before.lookup("0812", "phone")]
    assert RING.lookup("0812", "phone") != RING.lookup("0812", "email")
    assert RING.lookup("b", "a") != RING.lookup("", "ab")
    assert RING.lookup("0812", "phone").startswith("k2:")
    assert len(RING.lookup("0812", "phone")) == len("k2:") + 64


def test_a_digest_is_sha256_of_salt_and_content():
    salt = crypto.new_salt()
    assert crypto.digest(salt, "jalan rusak") == hashlib.sha256(salt + b"jalan rusak").digest()
    assert crypto.digest(salt, b"jalan rusak") == crypto.digest(salt, "jalan rusak")
    assert len(salt) >= 16
    assert crypto.new_salt() != salt


def test_a_secret_has_at_least_128_bits_and_only_its_hash_is_kept():
    made = {crypto.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(secret) >= 22 and secret.replace("-", "").replace("_", "").isalnum() for secret in made)
    assert crypto.secret_hash("abc") == hashlib.sha256(b"abc").hexdigest()


def test_a_keyring_needs_keys_and_never_shows_them():
    with pytest.raises(ValueError, match="needs at least one"):
        Keyring([], [FIND_NEW])
    assert repr(RING) == "Keyring(newest='k2')"


def test_the_keys_of_the_process_are_those_configured_last():
    before = list(crypto._installed)
    try:
        crypto._installed.clear()
        with pytest.raises(RuntimeError, match="not configured"):
            crypto.keyring()
        ring = crypto.configure([NEW], [FIND_NEW])
        assert crypto.keyring() is ring
    finally:
        crypto._installed[:] = before
