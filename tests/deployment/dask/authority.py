"""An authority and certificates in files, as an operator has them for `tls://`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

THIS_HOST = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])


@dataclass(frozen=True)
class Certificate:
    """Files of one who may speak.

    Attributes:
        authority: whose certificates are accepted.
        certificate: its own.
        key: of it.
    """

    authority: Path
    certificate: Path
    key: Path

    def options(self) -> tuple[str, ...]:
        """As `dask scheduler` and `dask worker` take them."""
        return (
            "--tls-ca-file", str(self.authority), "--tls-cert", str(self.certificate),
            "--tls-key", str(self.key),
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """As whoever trains has them."""
        tls = "DASK_DISTRIBUTED__COMM__TLS__"
        return {
            f"{tls}CA_FILE": str(self.authority),
            f"{tls}CLIENT__CERT": str(self.certificate),
            f"{tls}CLIENT__KEY": str(self.key),
        }


def certified(folder: Path) -> Certificate:
    """A new authority in a new folder, and a certificate of it for this host."""
    folder.mkdir(parents=True)
    root = ec.generate_private_key(ec.SECP256R1())
    issuer = _name("authority")
    _write(folder / "ca.pem", _signed(issuer, issuer, root, root))
    key = ec.generate_private_key(ec.SECP256R1())
    own = _signed(_name("farol"), issuer, key, root)
    _write(folder / "cert.pem", own)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "key.pem").chmod(0o600)
    return Certificate(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(THIS_HOST, critical=False)
        .add_extension(x509.BasicConstraints(ca=key is by, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
