"""What a paper claims to be (PDF/A-2a and PDF/UA-1) shows in its file, before it is signed and after.

This is no validator (veraPDF needs Java): it asks, with a reader of another hand, what can be asked without one. The
numbers are clauses of ISO 19005-2 and ISO 14289-1.
"""

import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from sqlalchemy.orm import Session

from app.certificates import pdf, signing
from app.certificates.keys import paper_key
from tests.certificates import making
from tests.certificates.test_pdf import URL, sheet


@pytest.fixture(params=["unsigned", "signed"])
def paper(db: Session, request: pytest.FixtureRequest) -> PdfReader:
    document = pdf.render([sheet(making.certificate(db))], URL)
    return PdfReader(io.BytesIO(signing.sign(document, paper_key()) if request.param == "signed" else document))


def elements(node: DictionaryObject) -> Iterator[DictionaryObject]:
    """What a screen reader walks through below `node`."""
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, DictionaryObject) and "/S" in child:
            yield child
            yield from elements(child)


def test_a_paper_is_what_it_claims_to_be(paper: PdfReader) -> None:
    root = paper.root_object
    # 6.6.4 and 5: what it claims.
    said = root["/Metadata"].get_object().get_data().decode()
    for claim in ("pdfaid:part.{1,2}2", "pdfaid:conformance.{1,2}A", "pdfuaid:part.{1,2}1"):
        assert re.search(claim, said), claim
    assert paper.xmp_metadata is not None
    assert paper.metadata is not None
    assert paper.xmp_metadata.dc_title == {"x-default": paper.metadata.title}
    # 6.1.3, 6.1.8, 6.5.1: open to everybody in fifty years: no encryption, nothing that runs, no other file inside.
    assert "/Encrypt" not in paper.trailer
    assert "/ID" in paper.trailer
    assert not {"/OpenAction", "/AA", "/Names"} & set(root)
    # 6.2.3: colours that mean the same on any machine.
    (intent,) = (entry.get_object() for entry in root["/OutputIntents"])
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object()["/N"] == 3
    # 6.2.11: every letter is inside the file and known as a letter.
    fonts = [font.get_object() for font in paper.pages[0]["/Resources"]["/Font"].values()]
    for font in fonts:
        assert "/ToUnicode" in font
        assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
    assert len(fonts) == 3
    # 6.7 and 7.1: readable aloud, in its language, under its title.
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "vi-VN"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    tree = list(elements(root["/StructTreeRoot"].get_object()))
    assert "/H1" in {element["/S"] for element in tree}
    (code,) = (element for element in tree if element["/S"] == "/Figure")
    assert "Mã QR" in code["/Alt"]
    # 6.3.2: whatever lies on the page is printed, and (7.18.1) has words of its own.
    notes = [entry.get_object() for entry in paper.pages[0]["/Annots"]]
    for note in notes:
        assert note["/F"] & 0b111 == 0b100
        assert note.get("/TU") or note.get("/Contents")
    (link,) = (note["/A"]["/URI"] for note in notes if note["/Subtype"] == "/Link")
    assert re.fullmatch(rf"{URL}/verify/[0-9A-Z]{{27}}", link)
