"""Pages against the floor: what part of a bare server's throughput they keep, and how heavy a first view is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from app.identity.demo import DEMO_PASSWORD
from bench.load import Load, request_of, run_load
from bench.servers import floor, ours

CONNECTIONS, SECONDS = 8, 4.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(frozen=True)
class Row:
    """One line of the table in docs/performance.md."""

    what: str
    measured: str
    aim: str


def rows() -> Iterator[Row]:
    with floor() as url:
        bare = run_load(url, lambda _n: request_of("GET", "/", {}), connections=CONNECTIONS, seconds=SECONDS)
    yield Row("Sàn: Starlette trả một JSON nhỏ", f"{bare.per_second:,.0f} lượt/giây", "")
    with ours() as (url, _folder):
        cookie = _sign_in(url)
        for what, path in (
            ("Danh mục khóa học (không đăng nhập)", "/courses"),
            ("Bài học (đăng nhập)", "/learn/khai-thac-nen-tang-so/KH04.1.1"),
            ("Bao phủ theo đơn vị (đăng nhập)", "/coverage/BG-CBCC?unit=07210"),
        ):
            headers = {"accept": "text/html"} | ({"cookie": cookie} if "không" not in what else {})
            page = run_load(
                url, lambda _n, p=path, h=headers: request_of("GET", p, h), connections=CONNECTIONS, seconds=SECONDS
            )  # type: ignore[misc]
            yield Row(what, _against(page, bare), "≥ 10% của sàn")
        for what, path in (("Danh mục", "/courses"), ("Bài học", "/learn/khai-thac-nen-tang-so/KH04.1.1")):
            yield Row(f"Lần xem đầu: {what}, qua mạng", f"{_first_view(url, path, cookie) / 1000:.0f} kB", "< 100 kB")


def _against(page: Load, bare: Load) -> str:
    return (
        f"{page.per_second:,.0f} lượt/giây = {page.per_second / bare.per_second:.1%} của sàn, p99 {page.p99_ms:.0f} ms"
    )


def _sign_in(url: str) -> str:
    """The cookies of the demo learner, enrolled in the starter course."""
    with httpx.Client(base_url=url, headers={"accept": "text/html"}, follow_redirects=True) as client:
        token = _TOKEN.search(client.get("/sign-in").text)
        assert token
        fields = {"csrf_token": token[1], "name": "hanh", "password": DEMO_PASSWORD}
        token = _TOKEN.search(client.post("/sign-in", data=fields).text)
        assert token
        client.post("/courses/khai-thac-nen-tang-so/enrol", data={"csrf_token": token[1]}).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _first_view(url: str, path: str, cookie: str) -> int:
    """Bytes on the wire of a page and the styles, scripts and fonts it asks for, compressed as a browser gets them."""
    headers = {"accept": "text/html", "accept-encoding": "gzip", "cookie": cookie}
    with httpx.Client(base_url=url, headers=headers) as client:
        page = client.get(path)
        total = page.num_bytes_downloaded
        assets = {asset for asset in _ASSET.findall(page.text) if "icon-" not in asset and "manifest" not in asset}
        styles = ""
        for asset in sorted(assets):
            answer = client.get(asset)
            total += answer.num_bytes_downloaded
            styles += answer.text if ".css" in asset else ""
        for font in sorted(set(re.findall(r"url\(\"?([^\")]+\.woff2[^\")]*)", styles))):
            total += client.get(httpx.URL("/static/css/x").join(font)).num_bytes_downloaded
    return total
