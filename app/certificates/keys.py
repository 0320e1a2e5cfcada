"""The keys that speak for this platform: one signs QR codes (Ed25519), one signs PDF files (X.509)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.certificates.models import CertificateKey
from app.core import clock, keys
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.settings import get_settings

_STATEMENT_FILE, _TRIAL_FILE = "statement_key", "trial_signing.p12"
_TRIAL_NAME = "Học Số: chữ ký số thử nghiệm"


@dataclass(frozen=True)
class PaperKey:
    """What signs PDF files: a PKCS#12 bundle and the certificate in it."""

    bundle: bytes
    password: bytes | None
    certificate: bytes
    is_trial: bool

    @property
    def id(self) -> str:
        return hashlib.sha256(self.certificate).hexdigest()


@lru_cache(maxsize=1)
def statement_key() -> Ed25519PrivateKey:
    """Signs what QR codes say."""
    given = get_settings().statement_key.get_secret_value()
    value = given.encode() if given else keys.kept(_STATEMENT_FILE, keys.new_secret)
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(value).digest())


@lru_cache(maxsize=1)
def paper_key() -> PaperKey:
    """Signs papers: the operator's, else one made here that no paper hides. Raises CommandFailed if it is unusable."""
    settings = get_settings()
    if not settings.signing_pkcs12:
        return _opened(keys.kept(_TRIAL_FILE, _made_for_trial), None, is_trial=True)
    try:
        bundle = Path(settings.signing_pkcs12).read_bytes()
        return _opened(bundle, settings.signing_password.get_secret_value().encode() or None, is_trial=False)
    except (OSError, ValueError) as error:
        raise CommandFailed(
            _("Không mở được khóa ký %(path)s (%(reason)s). Hãy kiểm tra SIGNING_PKCS12 và SIGNING_PASSWORD."),
            path=settings.signing_pkcs12,
            reason=error,
        ) from error


def key_id(public: Ed25519PublicKey) -> str:
    """How statements name a key: 8 hexadecimal digits."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:8]


def statement_keys(db: Session) -> dict[str, bytes]:
    """Every public key that ever signed QR codes here, by id; the one of today among them."""
    known = select(CertificateKey.id, CertificateKey.public).where(CertificateKey.kind == "statement")
    public = statement_key().public_key()
    return {row.id: row.public for row in db.execute(known)} | {key_id(public): public.public_bytes_raw()}


def record_keys(db: Session) -> None:
    """Keep today's public keys, so that what they signed can be checked when others have taken over."""
    public, paper = statement_key().public_key(), paper_key()
    _record(db, key_id(public), "statement", public.public_bytes_raw(), is_trial=False)
    _record(db, paper.id, "paper", paper.certificate, is_trial=paper.is_trial)


def rotate_statement_key(db: Session) -> str:
    """A new key signs from the next start on, the old one is kept beside it; returns the new id."""
    settings = get_settings()
    if settings.statement_key.get_secret_value():
        raise CommandFailed(
            _("Khóa nằm trong biến STATEMENT_KEY: hãy đặt giá trị mới vào biến ấy rồi khởi động lại máy chủ.")
        )
    record_keys(db)
    path: Path = settings.data_dir / _STATEMENT_FILE
    path.rename(path.with_name(f"{_STATEMENT_FILE}.{key_id(statement_key().public_key())}"))
    statement_key.cache_clear()
    record_keys(db)
    return key_id(statement_key().public_key())


def forget_cached_keys() -> None:
    """For tests that change the environment."""
    statement_key.cache_clear()
    paper_key.cache_clear()


def _record(
    db: Session, key: str, kind: Literal["statement", "paper"], public: bytes, *, is_trial: bool
) -> None:  # fmt: skip
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"id": key, "kind": kind, "public": public, "is_trial": is_trial, "added_at": clock.now()}
    db.execute(insert(CertificateKey).values(values).on_conflict_do_nothing())


def _opened(bundle: bytes, password: bytes | None, *, is_trial: bool) -> PaperKey:
    key, certificate, _others = pkcs12.load_key_and_certificates(bundle, password)
    if key is None or certificate is None:
        raise ValueError("no key or no certificate in it")
    return PaperKey(bundle, password, certificate.public_bytes(serialization.Encoding.DER), is_trial)


def _made_for_trial() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _TRIAL_NAME)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return pkcs12.serialize_key_and_certificates(b"hocso", key, certificate, None, serialization.NoEncryption())
