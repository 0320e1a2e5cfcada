"""Prints papers with WeasyPrint and says what that cost; runs in the environment that `bring` made.

Reads JSON: `words` (of app.certificates.pdf.words_on, one for each page), `ground` (SVG, or nothing), `fonts`
(addresses by weight), `each` (whether each page is a file of its own). Writes JSON: pages, seconds, cpu_s.
"""

import base64
import json
import sys
import time
from html import escape

from weasyprint import HTML

_STYLE = """
@page { size: 297mm 210mm; margin: 0; background: #fbf7ee %(ground)s 0 0 / 297mm 210mm no-repeat }
body { font: 11pt/1.4 "Be Vietnam Pro"; color: #23211e; margin: 0; text-align: center }
section { break-before: page; box-sizing: border-box; height: 210mm; position: relative }
p { margin: 0 0 2mm }
.left, .right { position: absolute; width: 118mm }
.left { left: 25mm }
.right { right: 25mm }
.head { top: 21mm; text-transform: uppercase }
.words { position: absolute; top: 43mm; left: 25mm; width: 247mm }
h1 { font-size: 27pt; text-transform: uppercase; margin: 0 }
h2 { font-size: 32pt; color: #1f3b63; margin: 1mm }
h3 { font-size: 20pt; margin: 1mm }
.foot { bottom: 20mm }
.left.foot { text-align: left; font-size: 9pt; width: 150mm }
.right.foot { width: 80mm }
img { width: 34.6mm; border: 0.5pt solid #5b564e; background: white; float: left; margin-right: 5mm }
"""


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _style(asked: dict) -> str:
    faces = "".join(
        f'@font-face {{ font-family: "Be Vietnam Pro"; font-weight: {weight}; src: url({address}) }}\n'
        for weight, address in asked["fonts"].items()
    )
    ground = f"url({_address(asked['ground'])})" if asked["ground"] else ""
    return faces + _STYLE % {"ground": ground}


def _page(words: dict) -> str:
    w = {key: escape(str(value)) for key, value in words.items()}
    about_holder = "<br>".join(map(escape, words["about_holder"]))
    return f"""<section>
<p class="left head">{w["superior"]}<br><b>{w["issuer"]}</b></p>
<p class="right head"><b>Cộng hòa xã hội chủ nghĩa Việt Nam<br>Độc lập - Tự do - Hạnh phúc</b></p>
<div class="words"><h1 style="color: {w["colour"]}">{w["title"]}</h1><p>Số: {w["number"]}</p><p>{w["lead"]}</p>
<h2>{w["holder"]}</h2><p>{about_holder}</p><p>{w["body"]}</p><h3>{w["course"]}</h3><p>{w["about_course"]}</p></div>
<div class="left foot"><img alt="{w["qr_alt"]}" src="{_address(words["qr"])}">
<p>Kiểm tra giấy này: quét mã bên, hoặc mở trang<br><b>{w["verify_page"]}</b><br>rồi gõ mã {w["code"]}</p>
<p>Giấy còn hiệu lực hay không theo kết quả trên trang tra cứu.</p></div>
<p class="right foot">Ngày cấp: {w["issued_on"]}<br><b>{w["signer_title"]}</b><br><br><br><b>{w["signer_name"]}</b></p>
</section>"""


def _print(pages: list, style: str) -> bytes:
    return HTML(string=f"<html lang=vi><title>x</title><style>{style}</style>{''.join(map(_page, pages))}").write_pdf()


def main() -> None:
    asked = json.load(sys.stdin)
    words, style = asked["words"], _style(asked)
    sample = _print(words[:1], style)
    if len(sys.argv) > 1:
        with open(sys.argv[1], "wb") as out:
            out.write(sample)
    began, cpu = time.perf_counter(), time.process_time()
    for file in [[one] for one in words] if asked["each"] else [words]:
        _print(file, style)
    spent = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    json.dump({"pages": len(words)} | spent, sys.stdout)


if __name__ == "__main__":
    main()
