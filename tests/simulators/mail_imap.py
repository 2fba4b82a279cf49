"""A real IMAP server (pymap) on loopback, which can be told to fail, to demand ID, and to number its mails anew."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import AsyncExitStack, closing, suppress
from datetime import UTC, datetime
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.dict import Config, Login
from pymap.backend.dict.mailbox import MailboxData
from pymap.config import BackendCapability
from pymap.context import connection_exit
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import ResponseBad, ResponseNo
from pymap.parsing.response.code import Capability
from pymap.parsing.specials.flag import Deleted
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials
from pysasl.creds.plain import PlainCredentials
from pysasl.hashing import Cleartext

from hub.ending import end
from tests.simulators.base import Fault
from tests.simulators.certificates import Secured


class ImapServer:
    """One account. `demands_id`: it shows a mailbox only to those who say who they are. `commands` is what was asked.

    `faults` are used up one a command. `fetched` are the numbers of the mails that somebody has read, `looked` is how
    often somebody has opened a folder. Without `uid_plus` it only deletes all that is flagged. It does not give anybody
    the mails in `refused`: its store is broken there.
    """

    def __init__(self, username: str, password: str, *, idle: bool = True, tls: Secured | None = None) -> None:
        self.username, self.password = username, password
        self.uid_plus = True
        self.tls = tls
        self.demands_id = False
        self.access_tokens: set[str] = set()
        self.faults: list[Fault] = []
        self.commands: list[str] = []
        self.fetched: set[int] = set()
        self.refused: set[int] = set()
        self.looked = 0
        self.port = 0
        self._news = asyncio.Condition()
        self._idle = idle
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[Any]] = set()

    async def start(self, port: int = 0) -> None:
        """Begins to listen; `port` then says where. After `stop` it has the same mails as before."""
        if self._server is None and self.port == 0:
            self._config = _Config(
                Namespace(host="127.0.0.1", port=0, passlib_cfg=None, proxy_protocol="noop"),
                host="127.0.0.1",
                port=0,
                demo_data=False,
                demo_user=self.username,
                demo_password=self.password,
                tls_enabled=self.tls is not None and self.tls.security == "starttls",
                ssl_context=self.tls.context if self.tls is not None else None,
                secure_auth=False,
                reject_dnsbl=False,
                invalid_user_sleep=0.0,
                hash_context=Cleartext(),
                idle=self._idle,
                proxy_protocol=ProxyProtocolVersion.get("noop"),
            )
            self._login = Login(self._config)
            await self._login.demo_user_identity.set(
                UserMetadata(self._config, self.username, password=Cleartext().hash(self.password))
            )
        reading = ProxyProtocolReader(ProxyProtocolVersion.get("noop"))
        self._server = await asyncio.start_server(
            reading.get_callback(self._serve),
            "127.0.0.1",
            port or self.port,
            ssl=self.tls.context if self.tls is not None and self.tls.security == "tls" else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def runs(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def stop(self) -> None:
        """Ends it, with all its connections."""
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()
            self._server = None

    async def cut(self) -> None:
        """Ends all connections."""
        await end(*self._connections)

    # The mailbox -----------------------------------------------------------------------------------------------------

    async def folder(self, name: str = "INBOX") -> MailboxData:
        """A folder of the account."""
        async with self._login.demo_user_identity.new_session() as session:
            return await session.mailbox_set.get_mailbox(name)

    async def deliver(self, mail: bytes, when: datetime | None = None) -> int:
        """Puts a mail into the inbox; answers its number."""
        folder = await self.folder()
        message = await folder.append(AppendMessage(mail, when or datetime.now(UTC), frozenset()))
        return message.uid

    async def until_fetched(self, uid: int, longest: float = 15.0) -> bool:
        """Waits until somebody has read a mail."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest), self._news:
                await self._news.wait_for(lambda: uid in self.fetched)
        return uid in self.fetched

    async def renumber(self) -> None:
        """All mails get new numbers, as after a server has moved."""
        folder = await self.folder()
        kept = list(folder._messages.values())
        folder._uid_validity += 1
        folder._messages.clear()
        folder._max_uid = 0
        for message in kept:
            folder._max_uid += 1
            folder._messages[folder._max_uid] = message.copy(message, uid=folder._max_uid)
        self.fetched.clear()
        await self.cut()

    async def flags(self) -> set[str]:
        """All flags of all mails."""
        folder = await self.folder()
        return {str(flag) for message in folder._messages.values() for flag in message.permanent_flags}

    async def flag_as_deleted(self, uid: int) -> None:
        """Somebody has done so in another program, and may think better of it."""
        (await self.folder())._messages[uid].permanent_flags = frozenset({Deleted})

    async def flagged_as_deleted(self) -> list[int]:
        """The numbers of such mails."""
        kept = (await self.folder())._messages
        return [uid for uid, message in kept.items() if Deleted in message.permanent_flags]

    async def uids(self) -> list[int]:
        """The numbers of the mails that are there."""
        return list((await self.folder())._messages)

    # Connections -----------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, info: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        connection = IMAPConnection(self._config.commands, self._config, reader, writer, info)
        state = _State(self, self._login, self._config)
        try:
            async with AsyncExitStack() as stack:
                connection_exit.set(stack)
                stack.enter_context(closing(connection))
                with suppress(ConnectionError, asyncio.CancelledError):
                    await connection.run(state)
        finally:
            self._connections.discard(task)

    async def told(self, uids: set[int]) -> None:
        """Somebody has read these."""
        async with self._news:
            self.fetched |= uids
            self._news.notify_all()


class _Config(Config):
    """An account on a server with or without IDLE."""

    def __init__(self, args: Namespace, *, idle: bool, **more: Any) -> None:
        self._idle = idle
        super().__init__(args, **more)

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=self._idle, object_id=True, multi_append=True)

    @property
    def initial_auth(self) -> SASLAuth:
        return SASLAuth.named([b"PLAIN", b"LOGIN", b"XOAUTH2"])

    @property
    def tls_auth(self) -> SASLAuth:
        return self.initial_auth


class _State(ConnectionState):
    """A connection that can fail and that may want to know who is there."""

    def __init__(self, server: ImapServer, login: Login, config: Config) -> None:
        super().__init__(login, config)
        self._simulated = server
        self._introduced = False

    @property
    def capability(self) -> Capability:
        """What it can do."""
        said = super().capability.capabilities
        return Capability([each for each in said if each != b"UIDPLUS" or self._simulated.uid_plus])

    async def do_authenticate(self, cmd: Any, creds: Any) -> Any:
        if isinstance(creds, ExternalCredentials):
            if creds._token not in self._simulated.access_tokens:
                return ResponseNo(cmd.tag, b"[AUTHENTICATIONFAILED] Invalid token.")
            creds = PlainCredentials(self._simulated.username, self._simulated.password)
        return await super().do_authenticate(cmd, creds)

    async def do_command(self, cmd: Any) -> Any:
        server = self._simulated
        name = cmd.command.decode()
        server.commands.append(name)
        match server.faults.pop(0) if server.faults else None:
            case "never":
                await asyncio.sleep(3600)
            case "429" | "500":
                return ResponseNo(cmd.tag, b"[UNAVAILABLE] Too busy.")
            case "token":
                return ResponseNo(cmd.tag, b"[AUTHENTICATIONFAILED] Invalid credentials.")
            case "rubbish":
                return ResponseBad(cmd.tag, b"\xff\xfe what?")
            case "drop":
                raise ConnectionResetError
        if name == "ID":
            self._introduced = True
        if name in ("SELECT", "EXAMINE") and server.demands_id and not self._introduced:
            return ResponseNo(cmd.tag, b"SELECT Unsafe Login. Please contact the postmaster for help")
        if name == "UID FETCH" and bytes(cmd.sequence_set).decode() in map(str, server.refused):
            return ResponseNo(cmd.tag, b"[SERVERBUG] The message could not be retrieved.")
        response = await super().do_command(cmd)
        server.looked += name in ("SELECT", "EXAMINE")
        if name == "UID FETCH" and any(bytes(attribute).startswith(b"BODY") for attribute in cmd.attributes):
            uids = bytes(cmd.sequence_set).decode().split(",")
            await server.told({int(uid) for uid in uids if uid.isdecimal()})
        return response
