"""Files that people share in Slack. Whoever is asked for one is shown our token, so only Slack is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from connectors.slack.errors import classified
from hub.errors import AuthFailed, Rejected, Transient
from hub.fetching import MAX_FILE

TIMEOUT = aiohttp.ClientTimeout(total=55, sock_connect=5)
"""A file may take longer than a call; the hub waits for one a minute."""

_LOG_IN = frozenset({301, 302, 303, 307, 401, 403})


class Downloads:
    """Fetches files from Slack, or from wherever `base_url` says that Slack is."""

    def __init__(self, token: str, base_url: str) -> None:
        self._token = token
        self._home = urlsplit(base_url)

    async def fetch(self, session: aiohttp.ClientSession, url: str, type: str) -> bytes:
        """A file's bytes; raises a `DeliveryError`. Redirects are not followed: they lead to a log-in, or elsewhere."""
        if not self._is_slack(url):
            raise Rejected("the file is not kept by Slack")
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with session.get(url, headers=headers, allow_redirects=False, timeout=TIMEOUT) as answer:
                page = answer.content_type == "text/html" and type != "text/html"
                if answer.status in _LOG_IN or (answer.status == 200 and page):
                    raise AuthFailed("Slack wants a log-in for the file; the app needs the permission files:read")
                if answer.status != 200:
                    raise classified("file_not_found" if answer.status < 500 else "", answer.status, answer.headers)
                return await _read(answer.content)
        except TimeoutError:
            raise Transient("Slack did not send the file in time") from None
        except aiohttp.ClientError as error:
            raise Transient(f"the file could not be fetched from Slack: {error.__class__.__name__}") from None

    def _is_slack(self, url: str) -> bool:
        try:
            wanted = urlsplit(url)
            if (wanted.scheme, wanted.netloc) == (self._home.scheme, self._home.netloc):
                return True
            host = f".{wanted.hostname or ''}"
            return wanted.scheme == "https" and wanted.port in (None, 443) and host.endswith(".slack.com")
        except ValueError:
            return False


async def _read(content: aiohttp.StreamReader) -> bytes:
    data = bytearray()
    async for chunk in content.iter_any():
        data += chunk
        if len(data) > MAX_FILE:
            raise Rejected(f"larger than {MAX_FILE // 2**20} MB")
    return bytes(data)
