"""The signed list of certificates that hold no more: what somebody without a network knows of revocations."""

import base64
import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates.keys import key_id, statement_key
from app.certificates.models import Certificate, CertificateReplacement, CertificateRevocation
from app.core import clock

DOMAIN = b"hocso ended certificates\0"


def ended_list(db: Session) -> dict[str, str]:
    """`says` is a JSON text: made_at, revoked, replaced; certificates stand in it by `mark`. `signature` is over it."""
    says = json.dumps({"made_at": clock.now().isoformat(timespec="seconds")} | _ended(db))
    key = statement_key()
    signature = key.sign(DOMAIN + says.encode())
    return {"says": says, "key": key_id(key.public_key()), "signature": base64.b64encode(signature).decode()}


def mark(code: str) -> str:
    """A certificate in the list: whoever has not its code learns nothing from it. 20 hexadecimal digits."""
    return hashlib.sha256(code.encode()).hexdigest()[:20]


def _ended(db: Session) -> dict[str, list[str]]:
    ended = {"revoked": CertificateRevocation.certificate_id, "replaced": CertificateReplacement.certificate_id}
    return {
        name: sorted(mark(code) for code in db.scalars(select(Certificate.code).where(Certificate.id.in_(select(ids)))))
        for name, ids in ended.items()
    }
