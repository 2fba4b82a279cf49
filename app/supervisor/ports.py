"""Ports: whether one is free, and one of our own. Standard library only: the set-up asks here too."""

import random
import socket

# Below the range from which kernels take the ports of outgoing connections: a part that restarts finds its own free.
_OURS = range(20_000, 32_000)


def split(address: str) -> tuple[str, int]:
    """``host:port`` in two; ValueError where it is no such thing."""
    host, _, port = address.rpartition(":")
    number = int(port)
    if not host or not 0 < number < 65_536:
        raise ValueError(address)
    return host.strip("[]"), number


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def find_free() -> int:
    """A port on the loopback interface that nobody listens on."""
    for port in random.sample(_OURS, len(_OURS)):
        if is_free("127.0.0.1", port):
            return port
    raise OSError("no free port")
