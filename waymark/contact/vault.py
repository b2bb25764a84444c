"""Encryption of what visitors give: Fernet keys from the environment, the first one encrypts, any of them reads."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEYS = "WAYMARK_CONTACT_KEYS"


class KeyProblem(ValueError):
    """There is no key, one of them is not a key, or none of them opens what was stored."""


class Vault:
    """Seals and opens dictionaries with one set of keys."""

    def __init__(self, keys: str) -> None:
        """Take keys as the environment has them: comma separated, newest first.

        Raises:
            KeyProblem: There is none, or one is malformed; says how to make one.
        """
        self._keys = [key.strip() for key in keys.split(",") if key.strip()]
        if not self._keys:
            raise KeyProblem(
                f"{KEYS} is not set, so contact requests cannot be encrypted and none is stored. "
                "Make a key with 'waymark requests key' and set it for every process; back it up apart from the data."
            )
        try:
            self._fernet = MultiFernet([Fernet(key) for key in self._keys])
        except ValueError:
            raise KeyProblem(
                f"{KEYS} holds something that is not a key (32 bytes in URL-safe base64). "
                "Make one with 'waymark requests key'; several are separated by commas, the newest first."
            ) from None

    @classmethod
    def from_environment(cls, keys: str | None = None) -> Vault:
        """The vault of the given keys, or of WAYMARK_CONTACT_KEYS."""
        return cls(os.environ.get(KEYS, "") if keys is None else keys)

    @staticmethod
    def new_key() -> str:
        """A fresh key."""
        return Fernet.generate_key().decode()

    def seal(self, reference: str, content: dict[str, Any]) -> str:
        """Encrypt; the reference goes in too, so that one row's content cannot be passed off as another's."""
        return self._fernet.encrypt(json.dumps([reference, content]).encode()).decode()

    def open(self, reference: str, sealed: str) -> dict[str, Any]:
        """Decrypt what was sealed for this reference.

        Raises:
            KeyProblem: No key opens it, or it was sealed for another reference.
        """
        try:
            sealed_for, content = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise KeyProblem(
                f"None of the keys in {KEYS} opens request {reference}. Add the key it was written with (after the "
                "newest one, with a comma)."
            ) from None
        if sealed_for != reference:
            raise KeyProblem(f"What is stored for request {reference} belongs to another one; restore it from backup.")
        return dict(content)

    def rotate(self, sealed: str) -> str:
        """The same content under the first key.

        Raises:
            KeyProblem: No key opens it.
        """
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise KeyProblem(f"None of the keys in {KEYS} opens a stored request; nothing was changed.") from None

    def secret(self, purpose: str) -> str:
        """A secret for something else (such as signing sessions), derived from the first key."""
        derived = HKDF(SHA256(), length=32, salt=None, info=f"waymark {purpose}".encode()).derive(
            self._keys[0].encode()
        )
        return urlsafe_b64encode(derived).decode()
