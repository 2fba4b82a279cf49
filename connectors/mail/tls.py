"""Whom we trust when we speak to a mail server, and in words why we cannot."""

from __future__ import annotations

import ssl

import aiosmtplib

from connectors.mail.settings import Server

_EXPIRED, _OTHER_NAME = (9, 10), (62, 64)
"""OpenSSL's numbers (X509_V_ERR_...) for a certificate that is not valid now, and for one of somebody else."""


class NoStartTls(OSError):
    """The server offers no STARTTLS. Nothing is said to it in plain text then."""


def context(server: Server) -> ssl.SSLContext:
    """Trusts whom this machine trusts, or whom `ca_file` names, and nobody else. Reads files."""
    return ssl.create_default_context(cafile=server.ca_file)


def unreachable(error: Exception) -> str:
    """Why a server cannot be used, in words; an error's own may hold anything."""
    cause = error.__cause__
    match cause if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(cause, OSError) else error:
        case ssl.SSLCertVerificationError() as refused:
            return _refused(refused.verify_code)
        case ssl.SSLError():
            return "no TLS comes about; look at port and security"
        case NoStartTls():
            return "offers no STARTTLS, and is told nothing without; take security: tls with the port for that"
        case ConnectionRefusedError():
            return "refuses the connection"
        case TimeoutError():
            return "does not answer"
        case FileNotFoundError() | PermissionError():
            return "ca_file cannot be read any more"
        case aiosmtplib.SMTPConnectError() | OSError():
            return "cannot be reached"
    return f"cannot be used ({type(error).__name__})"


def _refused(code: int) -> str:
    if code in _EXPIRED:
        return "its certificate is not valid today; whoever runs it has to renew that, or our clock is wrong"
    if code in _OTHER_NAME:
        return "its certificate is for another name; host has to be the name that stands in it"
    return "its certificate is from an authority that we do not know; name that authority's own in ca_file"
