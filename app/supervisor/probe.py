"""A question over HTTP that needs no library: is anybody there?"""

import asyncio


async def answers(host: str, port: int, path: str, *, token: str = "", timeout: float = 5.0) -> int:
    """The status of ``GET path``, with a bearer token if given; 0 where nobody answers within so many seconds."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{bearer}Connection: close\r\n\r\n".encode()
                )
                words = (await reader.readline()).split()
                return int(words[1]) if len(words) > 1 else 0
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return 0
