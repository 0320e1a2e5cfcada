"""`make bench` prints the tables of docs/performance.md; `--write FILE` puts them there. Ratios count, not digits."""

import argparse
import tempfile
from pathlib import Path

from bench.block import Block, Plan, measure, say
from bench.exports import markdown as export_markdown
from bench.exports import measure_exports
from bench.lesson_weight import markdown as weight_markdown
from bench.lesson_weight import measure_weights
from bench.papers import PAGES, QUICK_PAGES, measure_papers
from bench.papers import markdown as paper_markdown
from bench.ranges import markdown as range_markdown
from bench.ranges import measure_ranges
from bench.table import markdown, replace_in
from bench.videos import QUICK_TURNS, TURNS, measure_videos
from bench.videos import markdown as video_markdown
from bench.visits import kinds
from bench.world import make_world, postgresql

_SECONDS, _QUICK_SECONDS = 1.5, 0.5
_PEOPLE, _QUICK_PEOPLE = (10_000, 100_000), (2_000,)


def main() -> None:
    options = _options()
    people = tuple(int(count) for count in options.people.split(",")) if options.people else None
    people = people or (_QUICK_PEOPLE if options.quick else _PEOPLE)
    seconds = _QUICK_SECONDS if options.quick else _SECONDS
    only = frozenset(options.only.split(",")) if options.only else frozenset()
    blocks: list[Block] = []
    for database in options.databases.split(","):
        for count in people:
            blocks.append(_block(database, count, seconds, Plan(only, with_views=not blocks)))
    tables = {"bench": markdown(blocks, seconds)}
    if not only:
        tables["exports"] = export_markdown(measure_exports(options.databases.split(","), quick=options.quick))
        tables["papers"] = paper_markdown(measure_papers(QUICK_PAGES if options.quick else PAGES))
        tables["ranges"] = range_markdown(measure_ranges(quick=options.quick))
        tables["weights"] = weight_markdown(measure_weights(1 if options.quick else 3))
        tables["videos"] = video_markdown(measure_videos(QUICK_TURNS if options.quick else TURNS))
    for name, text in tables.items():
        print(text)
        if options.write:
            replace_in(options.write, text, name)


def _block(database: str, people: int, seconds: float, plan: Plan) -> Block:
    say(f"{database}, {people} người: đang lập tỉnh giả định (bước lâu nhất)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if database == "sqlite":
            world = make_world(folder, f"sqlite:///{folder}/hocso.db", people)
            return measure("SQLite", people, world, seconds, plan)
        with postgresql() as server:
            world = make_world(folder, server.create("hocso_bench"), people)
            return measure("PostgreSQL", people, world, seconds, plan)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ít người, mỗi phép đo nửa giây / a short try")
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite,postgresql")
    parser.add_argument("--people", default="", metavar="N,M", help="số người, cách nhau bằng dấu phẩy")
    parser.add_argument("--only", default="", metavar="A,B", help=", ".join(kind.short for kind in kinds()))
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt các bảng vào tài liệu, giữa các dấu")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - {"", *(kind.short for kind in kinds())}:
        parser.error(f"--only: {', '.join(sorted(unknown))}?")
    if options.only and options.write:
        parser.error("--write wants everything measured")
    return options


if __name__ == "__main__":
    main()
