"""How many certificates a second: ours unsigned and signed, and the same page by WeasyPrint, in the same run.

`python -m bench.papers` runs it alone. Each way has a process of its own; what a first page prepares (fonts, keys) is
not counted. WeasyPrint draws a plain PDF, ours is PDF/A-2a and PDF/UA-1: the comparison favours WeasyPrint.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from app.certificates import pdf, signing
from app.certificates.file_jobs import MOST_PAPERS
from app.certificates.keys import paper_key
from app.certificates.models import Certificate, CertificateForm
from app.certificates.papers import statement_of
from app.certificates.service import contents
from app.core import clock, ids
from app.core.paper import FONTS
from app.core.settings import ROOT
from bench.block import say
from bench.table import machine, number, replace_in, row

# As many as the promise speaks of; what takes longer for each page is known from fewer.
PAGES, QUICK_PAGES, _FEWER = 10_000, 1_000, 50
_PEER = ROOT / ".cache" / "weasyprint"
_URL = "https://hocso.bacninh.gov.vn"
_GROUND = b"""#import "ground.typ": *
#set page(width: page-width, height: page-height, margin: 0pt, fill: none)
#ground
"""


@dataclass(frozen=True)
class Cost:
    """What so many pages took: seconds by the clock, and of CPU of the process, all threads."""

    pages: int
    seconds: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        return self.pages / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_s / self.pages


@dataclass(frozen=True)
class Papers:
    """`ours` and `peers` by name; `pairs`: which of ours does the work of which of the peer's."""

    ours: dict[str, Cost]
    peers: dict[str, Cost]
    pairs: dict[str, str]


def measure_papers(pages: int) -> Papers:
    """Every way of ours, then the peer's, which are missing where WeasyPrint is (`bench/weasyprint/bring`)."""
    few = pages // _FEWER
    many, each, signed = (
        f"Học Số, chưa ký, {number(MOST_PAPERS)} trang một tệp (in hàng loạt)", "Học Số, chưa ký, mỗi trang một tệp",
        "Học Số, có chữ ký số, mỗi trang một tệp (giấy được cấp)",
    )  # fmt: skip
    peer_many, peer_each, peer_bare = (
        "WeasyPrint, mọi trang một tệp", "WeasyPrint, mỗi trang một tệp", "WeasyPrint, mọi trang một tệp, bỏ hình nền",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        # The keys of this run and of nobody else.
        os.environ["DATA_DIR"] = folder
        say(f"giấy chứng nhận: {number(pages)} trang của Học Số")
        ours = {many: _alone(_many, pages), each: _alone(_each, few), signed: _alone(_signed, few)}
        peers = {}
        if (_PEER / "bin" / "python").exists():
            say(f"giấy chứng nhận: {number(few)} trang của WeasyPrint, ba cách")
            peers = {
                peer_many: _by_peer(few, each=False, ground=True),
                peer_each: _by_peer(few, each=True, ground=True),
                peer_bare: _by_peer(few, each=False, ground=False),
            }
    return Papers(ours, peers, {many: peer_many, each: peer_each, signed: peer_each})


def markdown(papers: Papers) -> str:
    """The table, for docs/performance.md."""
    return "\n".join(_lines(papers))


def _lines(papers: Papers) -> Iterator[str]:
    yield f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}."
    yield ""
    yield row(
        [
            "cách",
            "số trang đã làm",
            "trang mỗi giây",
            "gấp mấy lần WeasyPrint (≥ 12)",
            "CPU mỗi trang, ms",
            "gấp mấy lần",
        ]
    )
    yield row(["---"] * 6)
    for name, cost in (papers.ours | papers.peers).items():
        peer = papers.peers.get(papers.pairs.get(name, ""))
        faster, cheaper = (
            (number(cost.per_second / peer.per_second, 1), number(peer.cpu_ms / cost.cpu_ms, 1)) if peer else ("", "")
        )
        yield row([name, number(cost.pages), number(cost.per_second, 1), faster, number(cost.cpu_ms, 1), cheaper])
    if not papers.peers:
        yield row(["WeasyPrint", "chưa đo: chạy `bench/weasyprint/bring`", "", "", "", ""])


def _sheets(first: int, count: int) -> list[pdf.Sheet]:
    """Papers of people plainly made up, as their rows would say it."""
    day = date(2026, 11, 21)
    form = CertificateForm(
        id=1, valid_from=day, superior_name="UBND thành phố Bắc Ninh", issuer_name="Sở Khoa học và Công nghệ",
        symbol="HS-SKHCN", signer_authority="", signer_title="Giám đốc", signer_name="Trần Văn Mẫu",
        title="Giấy chứng nhận hoàn thành khóa học", lead="Chứng nhận ông/bà", body="đã hoàn thành khóa học", note="",
        colour="#ac3820", has_seal_place=True,
    )  # fmt: skip
    sheets = []
    for serial in range(first, first + count):
        certificate = Certificate(
            code=ids.readable_code(),
            **contents(
                form=form, serial=serial, issued_on=day, holder_name=f"Nguyễn Thị Hạnh Mẫu {serial}",
                holder_title="Chuyên viên", unit_id=None, unit_name="Phường Bắc Giang, Thành phố Bắc Ninh",
                certificate_title="", course_title="Khai thác nền tảng số, dữ liệu số trong cơ quan nhà nước",
                course_version_number=3, hours=6.0, score_percent=92.0, completed_on=day, signer_name="",
                signer_title="",
            ),
        )  # fmt: skip
        sheets.append(pdf.Sheet(certificate, form, "1985-03-02", statement_of(certificate)))
    return sheets


def _many(pages: int) -> Cost:
    def work() -> None:
        for first in range(1, pages + 1, MOST_PAPERS):
            pdf.render(_sheets(first, min(MOST_PAPERS, pages + 1 - first)), _URL)

    pdf.render(_sheets(0, 1), _URL)
    return _cost(pages, work)


def _each(pages: int) -> Cost:
    return _one_by_one(pages, lambda document: document)


def _signed(pages: int) -> Cost:
    key = paper_key()
    return _one_by_one(pages, lambda document: signing.sign(document, key))


def _one_by_one(pages: int, finish: Callable[[bytes], bytes]) -> Cost:
    def work() -> None:
        for serial in range(1, pages + 1):
            finish(pdf.render(_sheets(serial, 1), _URL))

    finish(pdf.render(_sheets(0, 1), _URL))
    return _cost(pages, work)


def _cost(pages: int, work: Callable[[], None]) -> Cost:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(pages, time.perf_counter() - began, time.process_time() - cpu)


def _alone(way: Callable[[int], Cost], pages: int) -> Cost:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(way, pages).result()


def _by_peer(pages: int, *, each: bool, ground: bool) -> Cost:
    asked = {
        "words": [pdf.words_on(sheet, _URL) for sheet in _sheets(1, pages)],
        "fonts": {
            weight: (FONTS / f"BeVietnamPro-{name}.ttf").as_uri() for weight, name in ((400, "Regular"), (700, "Bold"))
        },
        "ground": _ground_svg() if ground else "",
        "each": each,
    }
    command = [_PEER / "bin" / "python", Path(__file__).parent / "weasyprint" / "pages.py"]
    environment = os.environ | {"LD_LIBRARY_PATH": str(_PEER / "pango")}
    done = subprocess.run(
        command, input=json.dumps(asked), env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return Cost(**json.loads(done.stdout))


def _ground_svg() -> str:
    import typst

    return typst.compile({"main": _GROUND, "ground.typ": pdf.GROUND.read_bytes()}, format="svg").decode()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.papers", description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=PAGES, metavar="N", help="số giấy của Học Số")
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa hai dấu papers")
    options = parser.parse_args()
    text = markdown(measure_papers(options.pages))
    print(text)
    if options.write:
        replace_in(options.write, text, "papers")


if __name__ == "__main__":
    main()
