"""A run as Markdown, for people: what each visit costs, how many there may be, and what misses its aim."""

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.core import clock
from bench.arrivals import AIM_S, PER_SECOND, SECONDS
from bench.block import CLIENTS, Block, Measured
from bench.visits import Kind, kinds

_PEER_MB, _AIM_MB, _AIM_ATTEMPT_MS = 279, 150, 12


def markdown(blocks: Sequence[Block], seconds: float) -> str:
    """All tables of a run; of a run of some kinds only, theirs."""
    head = f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}; mỗi phép đo {number(seconds, 1)} giây."
    tables = [_costs(blocks), _rates(blocks)]
    if all(block.commits for block in blocks):
        tables += [_memory(blocks), _views(blocks), _commits(blocks), _sign_ins(blocks)]
    return "\n".join((head, *(line for table in tables for line in ("", *table))))


def replace_in(file: Path, text: str, name: str) -> None:
    """Put tables between the marks of that name in a document; raises ValueError if it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found_begin, rest = file.read_text(encoding="utf-8").partition(begin)
    _old, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"{file} has no {begin} … {end}")
    file.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _measured(blocks: Sequence[Block]) -> list[Kind]:
    return [kind for kind in kinds() if all(kind.name in block.kinds for block in blocks)]


def _costs(blocks: Sequence[Block]) -> Iterator[str]:
    yield "### CPU của máy chủ cho một lượt, mili giây (8 kết nối; trong ngoặc: 128 kết nối)"
    yield ""
    yield row(["việc", "hệ thống quen thuộc", "mục tiêu", *(block.name for block in blocks), "đạt?"])
    yield row(["---"] * (len(blocks) + 4))
    yield row(["sàn: Starlette trả một JSON nhỏ", "", "", *(_cpu(block.floor) for block in blocks), ""])
    sent = [_cpu(block.save_floor) for block in blocks]
    yield row(["sàn khi gửi: Starlette đọc JSON rồi trả JSON", "", "", *sent, ""])
    for kind in _measured(blocks):
        found = [block.kinds[kind.name] for block in blocks]
        verdict = _verdict(kind, [one.cpu_ms for one in found])
        yield row([kind.name, kind.peer_ms, _aim(kind), *map(_cpu, found), verdict])


def _rates(blocks: Sequence[Block]) -> Iterator[str]:
    yield "### Lượt mỗi giây với 1, 8, 32, 128 kết nối, và phần trăm của sàn cùng số kết nối"
    yield ""
    yield row(["việc", *(block.name for block in blocks)])
    yield row(["---"] * (len(blocks) + 1))
    yield row(["sàn", *(_rate(block.floor) for block in blocks)])
    yield row(["sàn khi gửi", *(_rate(block.save_floor) for block in blocks)])
    for kind in _measured(blocks):
        yield row([kind.name, *(_rate(block.kinds[kind.name], block.floor) for block in blocks)])
        if kind.short == "progress":
            ratios = (_rate(block.kinds[kind.name], block.save_floor) for block in blocks)
            yield row([f"{kind.name}, so với sàn khi gửi", *ratios])


def _memory(blocks: Sequence[Block]) -> Iterator[str]:
    yield "### Bộ nhớ của máy chủ (RSS), MB"
    yield ""
    yield row(["", "hệ thống quen thuộc", "mục tiêu", *(block.name for block in blocks)])
    yield row(["---"] * (len(blocks) + 3))
    yield row(["lúc nghỉ", "", f"< {_AIM_MB}", *(number(block.rest_mb) for block in blocks)])
    yield row(["cao nhất khi đo", str(_PEER_MB), f"< {_AIM_MB}", *(number(block.load_mb) for block in blocks)])


def _views(blocks: Sequence[Block]) -> Iterator[str]:
    yield "### Lần xem đầu, qua mạng (trình duyệt thật, bộ nhớ đệm trống)"
    yield ""
    yield row(["trang", "hệ thống quen thuộc", "mục tiêu", "đo được"])
    yield row(["---"] * 4)
    views = [view for block in blocks for view in block.views]
    for view in views:
        found = f"{number(view.kilobytes)} kB, {view.requests} yêu cầu"
        yield row([view.path, "1,3 MB, 17–34 yêu cầu", "< 100 kB, ≤ 10 yêu cầu", found])
    if not views:
        yield row(["", "", "", "chưa đo: máy này không có Chromium"])


def _sign_ins(blocks: Sequence[Block]) -> Iterator[str]:
    yield f"### Đăng nhập, {PER_SECOND} người tới mỗi giây trong {number(SECONDS)} giây"
    yield ""
    yield row(["", "mục tiêu", *(block.name for block in blocks)])
    yield row(["---"] * (len(blocks) + 2))
    found = [block.sign_ins for block in blocks if block.sign_ins]
    yield row(["chờ, trung vị, ms", "", *(number(one.median_ms) for one in found)])
    yield row(["chờ, 95% không quá, ms", f"< {number(1000 * AIM_S)}", *(number(one.p95_ms) for one in found)])
    yield row(["lâu nhất, ms", "", *(number(one.longest_ms) for one in found)])
    yield row(["CPU của máy chủ, ms", "", *(number(one.cpu_ms) for one in found)])


def _commits(blocks: Sequence[Block]) -> Iterator[str]:
    yield "### Ghi tiến độ theo nhóm, 128 người chờ, không qua HTTP"
    yield ""
    yield row(["cơ sở dữ liệu", "theo nhóm, lượt/giây", "p99, ms (≤ 50)", "từng lượt, lượt/giây", "gấp (≥ 10)"])
    yield row(["---"] * 5)
    for block in blocks:
        if found := block.commits:
            yield row(
                [block.name, number(found.grouped), number(found.grouped_p99_ms), number(found.direct),
                 number(found.grouped / found.direct, 1)]
            )  # fmt: skip
    for block in blocks:
        if block.attempt_ms:
            yield ""
            yield (
                f"{block.name}: một lượt làm bài 10 câu, 128 người cùng làm, không qua HTTP và không vẽ trang: "
                f"{_ms(block.attempt_ms)} ms CPU của tiến trình (≤ {_AIM_ATTEMPT_MS})."
            )


def row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def _aim(kind: Kind) -> str:
    return "–" if kind.aim_ms is None else f"≤ {number(kind.aim_ms, 2 if kind.aim_ms < 1 else 1)}"


def _verdict(kind: Kind, costs: Sequence[float]) -> str:
    if kind.aim_ms is None:
        return ""
    met = sum(cost <= kind.aim_ms for cost in costs)
    return "đạt" if met == len(costs) else "chưa" if not met else f"đạt {met} trên {len(costs)}"


def _rate(measured: Measured, bare: Measured | None = None) -> str:
    def one(clients: int) -> str:
        rate = measured.loads[clients].per_second
        share = f" ({number(100 * rate / bare.loads[clients].per_second, 1)}%)" if bare else ""
        return f"{number(rate, 0 if rate >= 100 else 1)}{share}"

    return " / ".join(one(clients) for clients in CLIENTS)


def _cpu(measured: Measured) -> str:
    return f"{_ms(measured.cpu_ms)} ({_ms(measured.crowd_ms)})"


def _ms(value: float) -> str:
    return number(value, 2 if value < 10 else 1)


def number(value: float, digits: int = 0) -> str:
    """As Vietnam writes it: 1.234,5."""
    return f"{value:,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def machine() -> str:
    """Where a run was made, and how busy it was."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = names[0].partition(":")[2].strip() if names else platform.machine()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    load = os.getloadavg()[2]
    return (
        f"{model}, {os.cpu_count()} nhân, {number(memory_gb)} GB, {platform.system()}, Python "
        f"{platform.python_version()}, tải trung bình 15 phút lúc viết bảng {number(load, 1)}"
    )
