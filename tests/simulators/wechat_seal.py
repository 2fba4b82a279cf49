"""WeChat's own side of its encryption, written on its own: a mistake of ours must not be made twice."""

from __future__ import annotations

import base64
import hashlib
import os
import struct

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC


def signature(*parts: str) -> str:
    """The SHA-1 over the sorted parts."""
    digest = hashlib.sha1(usedforsecurity=False)
    for part in sorted(parts):
        digest.update(part.encode())
    return digest.hexdigest()


class Seal:
    """Encrypts and decrypts for one account."""

    def __init__(self, encoding_aes_key: str, receive_id: str) -> None:
        secret = base64.b64decode(encoding_aes_key + "=")
        self._cipher = Cipher(AES256(secret), CBC(secret[:16]))
        self._receive_id = receive_id.encode()

    def close(self, text: bytes) -> str:
        """The encrypted text."""
        padder = padding.PKCS7(256).padder()
        plain = os.urandom(16) + struct.pack(">I", len(text)) + text + self._receive_id
        encryptor = self._cipher.encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def open(self, encrypted: str) -> bytes:
        """The text within; raises `ValueError`."""
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
        unpadder = padding.PKCS7(256).unpadder()
        plain = unpadder.update(padded) + unpadder.finalize()
        (length,) = struct.unpack(">I", plain[16:20])
        if plain[20 + length :] != self._receive_id:
            raise ValueError("for another account")
        return plain[20 : 20 + length]
