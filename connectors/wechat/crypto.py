"""How Tencent signs and encrypts what goes between its platforms and us. Pure; WeChat and WeCom share it.

A message is AES-256-CBC over: 16 random bytes, the length as four bytes, the message, the receive id (the app id at
WeChat, the company's id at WeCom), padded as in PKCS#7, but to blocks of 32 bytes. Nothing in the cipher says whether
it was tampered with: the signature does, so it is checked before anything is decrypted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hub.errors import Unauthenticated

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4
_AES_BLOCK = 16
_KEY = re.compile(r"[A-Za-z0-9+/]{43}", re.ASCII)


def sign(*parts: str) -> str:
    """The signature over a token, a timestamp, a nonce, and the encrypted text where there is one; in any order."""
    joined = "".join(sorted(parts)).encode("utf-8", "replace")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Whether `signature` is the one over `parts`; takes the same time for every wrong one."""
    return hmac.compare_digest(sign(*parts).encode(), signature.encode("utf-8", "replace"))


def key_of(encoding_aes_key: str) -> bytes:
    """The key of which the platform shows 43 characters; raises `ValueError`."""
    if not _KEY.fullmatch(encoding_aes_key):
        raise ValueError("encoding_aes_key: 43 letters and digits, as the platform's page shows them")
    return base64.b64decode(encoding_aes_key + "=")


def encrypt(key: bytes, message: bytes, receive_id: str) -> str:
    """`message` as the text of an `Encrypt` element."""
    plain = secrets.token_bytes(_RANDOM) + len(message).to_bytes(4, "big") + message + receive_id.encode()
    pad = _BLOCK - len(plain) % _BLOCK
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(key: bytes, encrypted: str, receive_id: str) -> bytes:
    """The message in the text of an `Encrypt` element; raises `Unauthenticated` where it was not meant for us."""
    try:
        cipher = base64.b64decode(encrypted.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Unauthenticated("the encrypted text is not base64") from error
    if not cipher or len(cipher) % _AES_BLOCK:
        raise Unauthenticated("the encrypted text does not consist of whole blocks")
    decryptor = _cipher(key).decryptor()
    plain = _unpadded(decryptor.update(cipher) + decryptor.finalize())
    end = _HEAD + int.from_bytes(plain[_RANDOM:_HEAD], "big")
    if len(plain) < _HEAD or end > len(plain):
        raise Unauthenticated("the encrypted message is longer than its text; is it our encoding_aes_key?")
    if not hmac.compare_digest(plain[end:], receive_id.encode()):
        raise Unauthenticated("the encrypted message is for somebody else's id")
    return plain[_HEAD:end]


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= min(_BLOCK, len(plain)) or plain[-pad:] != bytes([pad]) * pad:
        raise Unauthenticated("the encrypted message is not padded rightly; is it our encoding_aes_key?")
    return plain[:-pad]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK]))
