"""Is an uploaded file a paper of ours, and was it changed after signing? Asked only of files no stored hash knows.

Reading strangers' PDF files is dangerous work: it runs in a process of its own, one at a time, with a little time and
memory, and only for files that carry our certificate or our field. Run as a module it is that process: a PDF on stdin,
a JSON document on stdout.
"""

import io
import json
import resource
import signal
import subprocess
import sys
import threading
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates.models import CertificateKey
from app.certificates.signing import FIELD
from app.core.errors import TooMany
from app.core.i18n import lazy as _
from app.core.settings import ROOT

# foreign: nothing of ours in it. broken: marked as ours, but the signature itself is damaged or somebody else's.
# changed: the signed bytes differ. extended: something was added behind them. unlisted: intact, but not on our shelf.
Finding = Literal["foreign", "broken", "changed", "extended", "unlisted"]

_CPU_S, _PATIENCE_S, _MEMORY_BYTES = 8, 15, 512 * 1024**2
_turn = threading.Lock()


def paper_certificates(db: Session) -> list[bytes]:
    """Every X.509 certificate (DER) that ever signed papers here."""
    return list(db.scalars(select(CertificateKey.public).where(CertificateKey.kind == "paper")))


def examine(content: bytes, certificates: list[bytes]) -> Finding:
    """What a PDF file that is none of the stored ones turns out to be.

    Raises TooMany while another is looked at, and for one that could not be read in time: it is not judged.
    """
    written = content.upper()
    is_ours = any(certificate.hex().upper().encode() in written for certificate in certificates)
    if not is_ours and f"({FIELD})".encode() not in content:
        return "foreign"
    if not is_ours:
        return "broken"
    if not _turn.acquire(blocking=False):
        raise TooMany(_("Máy chủ đang kiểm tra một tệp khác. Hãy gửi lại sau vài giây."), retry_after_s=5)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.certificates.examine"],
            input=content, capture_output=True, timeout=_PATIENCE_S, cwd=ROOT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _not_in_time() from error
    finally:
        _turn.release()
    if -done.returncode in (signal.SIGXCPU, signal.SIGKILL):
        raise _not_in_time()
    said = json.loads(done.stdout) if done.returncode == 0 else {}
    if said.get("signer") not in [certificate.hex() for certificate in certificates]:
        return "broken"
    if not said["is_intact"]:
        return "changed"
    if not said["is_sound"]:
        return "broken"
    return "unlisted" if said["is_whole"] else "extended"


def _not_in_time() -> TooMany:
    return TooMany(
        _("Máy chủ chưa đọc xong tệp này trong thời gian cho phép. Hãy gửi lại sau ít phút."), retry_after_s=60
    )


def _look(content: bytes) -> dict[str, object]:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    signature = PdfFileReader(io.BytesIO(content), strict=False).embedded_signatures[0]
    # Nothing is fetched and no chain is followed: the certificate must be one of those we know, byte for byte.
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[], allow_fetching=False), skip_diff=True)
    return {
        "signer": signature.signer_cert.dump().hex(),
        "is_sound": status.valid,
        "is_intact": status.intact,
        "is_whole": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
    }


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _bound()
    print(json.dumps(_look(sys.stdin.buffer.read())))
