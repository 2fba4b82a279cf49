"""The way out: one mail over SMTP, and what its failure means."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Sequence

import aiosmtplib
from aiosmtplib import SMTP, SMTPRecipientRefused, SMTPResponseException, SMTPStatus

from connectors.mail.oauth import AccessTokens
from connectors.mail.settings import Server
from connectors.mail.tls import NoStartTls, context, unreachable
from hub.errors import AuthFailed, DeliveryError, Rejected, Transient, Unreachable

log = logging.getLogger(__name__)

CONNECT, COMMAND, DATA = 8.0, 8.0, 18.0
WHOLE = 24.0
"""Seconds; all of it is below what the outbox gives us."""

_NO_SUCH = re.compile(
    r"\b5\.1\.(?:1|6|10)\b|user unknown|unknown user|no such user|does ?n.t exist|mailbox unavailable", re.IGNORECASE
)


class Sender:
    """Sends by one server. Each mail has a connection of its own: they are few, and an idle one is cut anyway."""

    def __init__(self, server: Server, tokens: AccessTokens) -> None:
        self._server = server
        self._tokens = tokens

    async def send(self, envelope_from: str, recipients: Sequence[str], mail: bytes) -> tuple[str, list[str]]:
        """Hands a mail over; answers the server's last words, and what it said of recipients whom it refuses.

        Raises a `DeliveryError` where nobody got it (the first recipient is who it is for), `TimeoutError` where nobody
        knows.
        """
        handed = False
        try:
            async with asyncio.timeout(WHOLE):
                client = await self._connected()
                try:
                    await self._envelope(client, envelope_from, recipients[0], len(mail))
                    refused = [said for each in recipients[1:] if (said := await _refused(client, each))]
                    handed = True
                    answer = await client.data(mail, timeout=DATA)
                    return answer.message, refused
                finally:
                    await _leave(client)
        except SMTPResponseException as error:
            if handed and error.code == SMTPStatus.invalid_response:
                raise TimeoutError("what the server answered to the mail makes no sense") from None
            raise self._verdict(error) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError) as error:
            if handed:
                raise TimeoutError("the connection ended while the mail was handed over") from None
            raise Transient(f"SMTP: {unreachable(error)}") from None

    async def check(self, *, login: bool) -> None:
        """Says hello, and logs in where that is wanted; raises a `DeliveryError` where the server cannot be used."""
        try:
            await _leave(await self._connected(login=login))
        except SMTPResponseException as error:
            raise self._verdict(error) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError) as error:
            raise Transient(f"SMTP: {unreachable(error)}") from None

    async def _connected(self, *, login: bool = True) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=False,  # by ourselves, below
            tls_context=await asyncio.to_thread(context, server) if server.security != "none" else None,
            timeout=COMMAND,
        )
        try:
            await client.connect(timeout=CONNECT)
            await client.ehlo()
            if server.security == "starttls":
                if not client.supports_extension("starttls"):
                    raise NoStartTls
                await client.starttls()
                await client.ehlo()
            if not login:
                return client
            if server.oauth2 is not None:
                await client.auth_xoauth2(server.username or "", await self._tokens.get(server.oauth2))
            elif server.username is not None:
                await client.login(server.username, server.password or "")
        except BaseException:
            client.close()
            raise
        return client

    async def _envelope(self, client: SMTP, envelope_from: str, recipient: str, size: int) -> None:
        most = client.esmtp_extensions.get("size", "")
        if most.isdecimal() and 0 < int(most) < size:
            raise Rejected(f"the mail has {size // 2**20} MB, and the server takes {int(most) // 2**20} MB at most")
        international = not (recipient + envelope_from).isascii()
        if international and not client.supports_extension("smtputf8"):
            raise Rejected(f"our mail server cannot write to addresses such as {recipient}")
        options, encoding = (["SMTPUTF8", "BODY=8BITMIME"], "utf-8") if international else ([], "ascii")
        await client.mail(envelope_from, options=options, encoding=encoding)
        await client.rcpt(recipient, encoding=encoding)

    def _verdict(self, error: SMTPResponseException) -> DeliveryError:
        said = self._without_secrets(_words(error))
        match error:
            case aiosmtplib.SMTPAuthenticationError() if error.code >= 500:
                if self._server.oauth2 is not None:
                    self._tokens.forget(self._server.oauth2)
                return AuthFailed(f"SMTP: username and password are refused ({said})")
            case _ if 400 <= error.code < 500 or error.code in (421, -1):
                return Transient(f"SMTP: not now: {said}")
            case _ if error.code == 530 or "5.7.0 authentication" in error.message.lower():
                return AuthFailed(f"SMTP: the server wants us to log in ({said})")
            case SMTPRecipientRefused() if _NO_SUCH.search(error.message):
                return Unreachable(f"there is no mailbox {error.recipient} ({said})")
            case SMTPRecipientRefused():
                return Rejected(f"the mail server refuses the recipient ({said})")
            case aiosmtplib.SMTPSenderRefused():
                return Rejected(f"the mail server refuses us as the sender ({said})")
            case _:
                return Rejected(f"the mail server refuses the mail ({said})")

    def _without_secrets(self, text: str) -> str:
        for secret in (self._server.password, self._server.oauth2 and self._server.oauth2.refresh_token):
            text = text.replace(secret, "***") if secret else text
        return text


async def _refused(client: SMTP, recipient: str) -> str | None:
    """What the server says against a further recipient. Whom it refuses does not keep the others from their mail."""
    try:
        await client.rcpt(recipient)
    except SMTPRecipientRefused as error:
        return f"{recipient}: {_words(error)}"
    except (UnicodeError, ValueError):
        return f"{recipient}: our mail server cannot write to such an address"
    return None


async def _leave(client: SMTP) -> None:
    try:
        await client.quit(timeout=2)
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()


def _words(error: SMTPResponseException) -> str:
    return f"{error.code} {error.message}".replace("\n", " ").strip()[:300]
