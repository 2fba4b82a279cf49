"""An authority of one's own, as a company has one that no browser knows, and servers with its certificates."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct


class Secured(Struct, frozen=True):
    """How a server is spoken to: its own side of TLS, and the file that clients trust it by."""

    security: Literal["starttls", "tls"]
    context: ssl.SSLContext
    ca_file: str


class Authority:
    """Signs certificates. Its own, which clients have to trust, is `ca_file`."""

    def __init__(self, folder: Path, name: str = "Shop's own authority") -> None:
        """`folder`: where its files may lie."""
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        alone = x509.BasicConstraints(ca=True, path_length=0)
        own = _begun(self._name, self._key, days=30).issuer_name(self._name).add_extension(alone, critical=True)
        path = folder / f"authority-{id(self)}.pem"
        path.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        self.ca_file = str(path)

    def server(self, security: Literal["starttls", "tls"], address: str = "127.0.0.1", days: int = 30) -> Secured:
        """A server at this address; with `days` below zero its certificate expired so many days ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        issued = _begun(subject, key, days).issuer_name(self._name).add_extension(named, critical=False)
        path = self._folder / f"server-{issued._serial_number}.pem"
        path.write_bytes(
            issued.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return Secured(security, context, self.ca_file)


def _begun(subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    until = datetime.now(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=60))
        .not_valid_after(until)
    )
