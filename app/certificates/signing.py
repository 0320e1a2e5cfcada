"""The digital signature of a paper: PAdES, baseline B (with a time-stamp: T), by the key of keys.paper_key.

A signature differs each time it is made, so the file kept is the paper, not the one that could be made again. It is
added behind the document as an incremental update: an invisible field outside the page, printable and not hidden, as
PDF/A-2 and PDF/UA-1 both want.
"""

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from app.certificates.keys import PaperKey
from app.core.settings import get_settings

# Loaded with the first paper signed: 30 MB, needed where jobs run.
if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSigner

FIELD, _DIGEST = "hocso", "sha256"


def sign(document: bytes, key: PaperKey) -> bytes:
    """The document with a signature over all of it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    out = io.BytesIO()
    _signer(key, get_settings().signing_tsa_url).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document)), output=out)
    return out.getvalue()


@lru_cache(maxsize=2)
def _signer(key: PaperKey, tsa_url: str) -> "PdfSigner":
    from pyhanko.sign import fields, signers
    from pyhanko.sign.timestamps import HTTPTimeStamper

    class OpenedOnce(signers.SimpleSigner):
        """pyHanko opens the key for each signature, which for RSA takes ten times as long as signing."""

        def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
            match private:
                case rsa.RSAPrivateKey() if not self.prefer_pss and digest_algorithm == _DIGEST:
                    return private.sign(data, padding.PKCS1v15(), hashes.SHA256())
                case ec.EllipticCurvePrivateKey() if digest_algorithm == _DIGEST:
                    return private.sign(data, ec.ECDSA(hashes.SHA256()))
                case _:
                    return super().sign_raw(data, digest_algorithm)

    private = pkcs12.load_key_and_certificates(key.bundle, key.password)[0]
    loaded = signers.SimpleSigner.load_pkcs12_data(key.bundle, other_certs=[], passphrase=key.password)
    return signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm=_DIGEST, subfilter=fields.SigSeedSubFilter.PADES, certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        ),
        signer=OpenedOnce(loaded.signing_cert, loaded.signing_key, loaded.cert_registry),
        timestamper=HTTPTimeStamper(tsa_url) if tsa_url else None,
        new_field_spec=fields.SigFieldSpec(
            FIELD, invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True),
            readable_field_name="Chữ ký số của nơi cấp",
        ),
    )  # fmt: skip
