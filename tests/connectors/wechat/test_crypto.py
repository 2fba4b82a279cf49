"""Signing and encryption: against vectors made with other programs, and by their properties."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.wechat.crypto import decrypt, encrypt, is_signed, key_of, sign
from connectors.wechat.envelope import Envelope
from connectors.wechat.messages import fields_of
from hub.errors import Unauthenticated
from tests.simulators.wechat_seal import Seal, signature

ENCODING_AES_KEY = base64.b64encode(bytes(range(32))).decode()[:43]
KEY = key_of(ENCODING_AES_KEY)
APP = "wx0123456789abcdef"
MESSAGE = "<xml><A>你好</A></xml>".encode()

SIGNATURE = "ea50efde59a150ce725bd292fd93cef325575ebf"
"""printf '%s' 1409304348nonce-1token-1 | sha1sum"""

BY_OPENSSL = "4j/AuRx71kQlxVlzbpsMWJ+VAWTapH+TJ1690jQjNESAEjL5gD1CuHvNGBnYzx4QxWHCuYB/z4OH6DwXZkyWyA=="
"""0123456789abcdef, the length 24 as four bytes, MESSAGE, APP, and two bytes 0x02 to fill the block, through
openssl enc -aes-256-cbc -nopad -K 000102...1f -iv 000102...0f -base64 -A"""

BY_WECHATPY = "kcSSsxa4KATTG+KTk6CQ2HeRh5dtdrapOVw+s+Eybnv9uko6cbZx+M04agYsmXHP4OqZrR8TeqyFB3p0pvpxbw=="
SIGNED_BY_WECHATPY = "662474aacf65943097ade02db4ade21cb8a1f2bf"
"""wechatpy 1.8.18: WeChatCrypto("token-1", ENCODING_AES_KEY, APP).encrypt_message(MESSAGE, "nonce-1", "1409304348")"""

texts = st.binary(max_size=300)
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


def test_the_signature_is_sha1_over_the_sorted_parts() -> None:
    assert sign("token-1", "1409304348", "nonce-1") == SIGNATURE
    assert sign("nonce-1", "token-1", "1409304348") == SIGNATURE
    assert is_signed(SIGNATURE, "token-1", "1409304348", "nonce-1")
    assert is_signed(SIGNED_BY_WECHATPY, "token-1", "1409304348", "nonce-1", BY_WECHATPY)
    for wrong in ("", SIGNATURE.upper(), SIGNATURE[:-1], "签名", "\ud800"):
        assert not is_signed(wrong, "token-1", "1409304348", "nonce-1")


@pytest.mark.parametrize("encrypted", [BY_OPENSSL, BY_WECHATPY])
def test_what_other_programs_encrypted_can_be_read(encrypted: str) -> None:
    assert decrypt(KEY, encrypted, APP) == MESSAGE


@given(texts, ids)
def test_the_platforms_side_and_ours_understand_each_other(text: bytes, receive_id: str) -> None:
    theirs = Seal(ENCODING_AES_KEY, receive_id)
    assert decrypt(KEY, encrypt(KEY, text, receive_id), receive_id) == text
    assert theirs.open(encrypt(KEY, text, receive_id)) == text
    assert decrypt(KEY, theirs.close(text), receive_id) == text
    assert sign("t", receive_id) == signature("t", receive_id)


def test_the_same_text_is_never_encrypted_the_same_way_twice() -> None:
    assert encrypt(KEY, MESSAGE, APP) != encrypt(KEY, MESSAGE, APP)


@pytest.mark.parametrize("length", range(33))
def test_every_length_of_filling_is_right(length: int) -> None:
    encrypted = encrypt(KEY, b"x" * length, APP)
    assert len(base64.b64decode(encrypted)) % 32 == 0
    assert decrypt(KEY, encrypted, APP) == b"x" * length


def raw(plain: bytes) -> str:
    """Encrypted as it is, filled by whoever asks."""
    seal = Seal(ENCODING_AES_KEY, APP)._cipher.encryptor()
    return base64.b64encode(seal.update(plain) + seal.finalize()).decode()


HEAD = b"0123456789abcdef"


NOT_FOR_US = {
    "nothing": "",
    "not base64": "not base64!",
    "not ASCII": "密文",
    "no whole block": "AAAA",
    "no filling": raw(HEAD),
    "filled with zeros": raw(HEAD + b"\x00\x00\x00\x02hi" + APP.encode() + b"\x00" * 24),
    "only the last byte filled": raw(HEAD + b"\x00\x00\x00\x02hi" + APP.encode() + b"\x00" * 23 + b"\x18"),
    "filled with more than a block": raw(HEAD + b"\x00\x00\x00\x02hi" + APP.encode()[:9] + b"\x21" * 33),
    "nothing but filling": raw(b"\x20" * 32),
    "far too long": raw(HEAD + b"\xff\xff\xff\xffhi" + APP.encode() + b"\x18" * 24),
    "longer by one": raw(HEAD + b"\x00\x00\x00\x15hi" + APP.encode() + b"\x18" * 24),
    "into the id": raw(HEAD + b"\x00\x00\x00\x03hi" + APP.encode() + b"\x18" * 24),
    "another account": encrypt(KEY, MESSAGE, "wx_another_account"),
    "no account": encrypt(KEY, MESSAGE, ""),
    "a longer account": encrypt(KEY, MESSAGE, APP + "x"),
    "another key": encrypt(key_of("b" * 43), MESSAGE, APP),
}


@pytest.mark.parametrize("what", NOT_FOR_US)
def test_what_was_not_meant_for_us_is_refused(what: str) -> None:
    with pytest.raises(Unauthenticated):
        decrypt(KEY, NOT_FOR_US[what], APP)


@given(st.floats(0, 1, exclude_max=True), st.sampled_from("ABCabc0189+/="))
def test_a_message_in_which_any_byte_was_changed_is_refused(share: float, drawn: str) -> None:
    envelope = Envelope("token-1", KEY, APP)
    reply = fields_of(envelope.seal(MESSAGE))
    query = {"timestamp": reply["TimeStamp"], "nonce": reply["Nonce"], "msg_signature": reply["MsgSignature"]}
    body = f"<xml><Encrypt>{reply['Encrypt']}</Encrypt></xml>"
    assert envelope.open(query, body.encode()) == MESSAGE
    # What is sealed is another each time, so nothing may be drawn that depends on it.
    place = len("<xml><Encrypt>") + int(share * len(reply["Encrypt"]))
    other = drawn if drawn != body[place] else "d"
    with pytest.raises(Unauthenticated):
        envelope.open(query, (body[:place] + other + body[place + 1 :]).encode())
    for name in query:
        with pytest.raises(Unauthenticated):
            envelope.open({**query, name: query[name][:-1] + "x"}, body.encode())


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "!", "钥" * 43])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="encoding_aes_key"):
        key_of(key)
