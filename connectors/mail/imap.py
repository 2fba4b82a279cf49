"""One connection to a mailbox, as far as we need one. All of it blocks: it is called in the mailbox's own thread."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError
from msgspec import Struct

from connectors.mail.settings import Imap
from connectors.mail.tls import NoStartTls, context, unreachable
from hub.errors import AuthFailed, DeliveryError, Transient

TIMEOUT = 60.0
"""Seconds for any answer of the server; one that says nothing for longer is gone."""

MOST = 64 * 2**20
"""Bytes of one mail; more of it is not fetched."""

_ID = '("name" "Parley" "vendor" "Parley" "version" "1")'
_UID = re.compile(rb"\bUID (\d+)")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]+)"')
_FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError, ssl.SSLError, ValueError)

imaplib.Commands.setdefault("ID", ("NONAUTH", "AUTH", "SELECTED"))


class Folder(Struct, frozen=True):
    """What the server says of a folder: the numbers of its mails are good for one `validity`."""

    validity: int
    next_uid: int


class Fetched(Struct, frozen=True):
    """A mail as it lies there, and when it came there."""

    raw: bytes
    arrived: datetime


class _StartTls(MailBoxStartTls):
    """Ends the connection where no TLS comes about."""

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self._host, self._port, self._timeout)
        try:
            if "STARTTLS" not in client.capabilities:
                raise NoStartTls
            client.starttls(self._ssl_context)
        except Exception:
            with contextlib.suppress(OSError):
                client.shutdown()
            raise
        return client


class Session:
    """A connection. Every method raises a `DeliveryError` where it cannot be used any more; then make a new one."""

    def __init__(self, settings: Imap) -> None:
        self._settings = settings
        self._box: BaseMailBox | None = None
        self._ended = False

    def open(self, access_token: str | None, *, writing: bool) -> Folder:
        """Connects, logs in, says who we are and looks into the folder. `writing`: mails are to be deleted."""
        with self._failing():
            box = self._box = self._connected()
            if self._ended:  # while it was being made
                self.end()
                raise OSError("ended")
            if access_token is not None:
                box.xoauth2(self._settings.username or "", access_token, initial_folder=None)
            elif self._plain():
                box.login(self._settings.username or "", self._settings.password or "", initial_folder=None)
            else:
                box.login_utf8(self._settings.username or "", self._settings.password or "", initial_folder=None)
            self._introduce(box)
            box.folder.set(self._settings.folder, readonly=not writing)
            return self._folder(box)

    def newer(self, uid: int, until: int | None = None, since: date | None = None) -> list[int]:
        """The numbers of mails above `uid`, up to `until`, and not older than the day before `since`; in order."""
        wanted = f"UID {uid + 1}:{until or '*'}" + (
            f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}" if since else ""
        )
        with self._failing():
            found = sorted({int(each) for each in self._now.uids(wanted, charset=None)})
        return [
            each for each in found if each > uid and (until is None or each <= until)
        ]  # `n:*` has the last one always

    def fetch(self, uid: int) -> Fetched | None:
        """A mail, which stays unread; None where it is gone."""
        with self._failing():
            size = self._one(uid, "(RFC822.SIZE)")
            too_long = (
                size is not None and (found := re.search(rb"RFC822\.SIZE (\d+)", size[0])) and int(found[1]) > MOST
            )
            part = f"BODY.PEEK[]<0.{MOST}>" if too_long else "BODY.PEEK[]"
            answer = self._one(uid, f"(UID INTERNALDATE {part})")
            if answer is None:
                return None
            return Fetched(answer[1], _date(answer[0]))

    def delete(self, uid: int) -> None:
        """Deletes a mail for good; where the server can only do so to all that anybody has flagged, it is flagged."""
        with self._failing():
            client = self._now.client
            client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
            if "UIDPLUS" in client.capabilities:
                client.uid("EXPUNGE", str(uid))

    def wait(self, seconds: float) -> bool:
        """Waits for news, at most so long; False where the server cannot tell us any, and nothing was waited for."""
        with self._failing():
            if "IDLE" not in self._now.client.capabilities:
                self._now.client.noop()
                return False
            self._now.idle.wait(timeout=seconds)
            return True

    def end(self) -> None:
        """Ends the connection, whoever waits for it. May be called from any thread."""
        self._ended = True
        box = self._box
        if box is not None:
            with contextlib.suppress(OSError):
                box.client.sock.shutdown(socket.SHUT_RDWR)  # whoever waits for it is told so
            with contextlib.suppress(OSError, ValueError, imaplib.IMAP4.error):
                box.client.shutdown()

    @property
    def _now(self) -> BaseMailBox:
        assert self._box is not None, "open it first"
        return self._box

    def _connected(self) -> BaseMailBox:
        to = self._settings
        match to.security:
            case "tls":
                return MailBox(to.host, to.port, timeout=TIMEOUT, ssl_context=context(to))
            case "starttls":
                return _StartTls(to.host, to.port, timeout=TIMEOUT, ssl_context=context(to))
            case "none":
                return MailBoxUnencrypted(to.host, to.port, timeout=TIMEOUT)

    def _plain(self) -> bool:
        return f"{self._settings.username}{self._settings.password}".isascii()

    def _introduce(self, box: BaseMailBox) -> None:
        """Some servers (163, 126, yeah.net) show a mailbox only to those who say who they are."""
        with contextlib.suppress(imaplib.IMAP4.error):
            box.client._get_capabilities()  # others are offered after the login than before  # noqa: SLF001
        if "ID" in box.client.capabilities:
            with contextlib.suppress(imaplib.IMAP4.error):
                box.client._simple_command("ID", _ID)  # noqa: SLF001 - imaplib has no command for it

    @staticmethod
    def _folder(box: BaseMailBox) -> Folder:
        said = {name: box.client.response(name)[1] for name in ("UIDVALIDITY", "UIDNEXT")}
        validity, following = (int(value[-1]) if value and value[-1] else 0 for value in said.values())
        if not following:  # RFC 3501 lets servers leave it out
            following = max((int(each) for each in box.uids("ALL", charset=None)), default=0) + 1
        return Folder(validity, following)

    def _one(self, uid: int, parts: str) -> tuple[bytes, bytes] | None:
        """What the server says of one mail, and the literal in it; it may say something of others in between."""
        status, answer = self._now.client.uid("FETCH", str(uid), parts)
        if status != "OK":
            raise imaplib.IMAP4.error("a mail is refused")
        for item in answer:
            said, literal = item if isinstance(item, tuple) else (item or b"", b"")
            if (found := _UID.search(said)) and int(found[1]) == uid:
                return said, literal
        return None

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except DeliveryError:
            raise
        except _FAILURES as error:
            raise self._verdict(error) from None

    def _verdict(self, error: Exception) -> DeliveryError:
        match error:
            case MailboxLoginError():
                return AuthFailed("IMAP: username and password are refused")
            case MailboxFolderSelectError():
                said = str(error.command_result[1][-1:])[:200]
                return Transient(f"IMAP: the folder {self._settings.folder} cannot be opened ({said})")
            case imaplib.IMAP4.abort() | ImapToolsError():
                return Transient("IMAP: the connection has ended")
            case imaplib.IMAP4.error() if "authenticat" in str(error).lower() or "login" in str(error).lower():
                return AuthFailed("IMAP: username and password are refused")
            case imaplib.IMAP4.error():
                return Transient("IMAP: the server refuses a command")
        return Transient(f"IMAP: {unreachable(error)}")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _date(said: bytes) -> datetime:
    found = _ARRIVED.search(said)
    with contextlib.suppress(ValueError):
        if found:
            return datetime.strptime(found[1].decode("ascii", "replace").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(
                UTC
            )
    return datetime.now(UTC)
