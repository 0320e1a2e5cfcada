"""nginx with the files of deploy/nginx: only addresses, ports and folders are put in the place of the deployed ones."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core import clock
from app.core.settings import ROOT

_DEPLOYED = ROOT / "deploy" / "nginx"
_PATIENCE_S = 20
# What Debian's and the container's nginx.conf say around it; the log names each request to the servers behind.
_AROUND = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
events {{}}
http {{
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format behind "$uri $upstream_addr";
    log_subrequest on;
    access_log {folder}/access.log behind;
    include {folder}/hocso.conf;
    include {folder}/upstream.conf;
}}
"""


class Nginx:
    """In front of the server at `behind`; files of courses come from the folder `media`, or from the store at
    `store` where there is one. `url` is where it answers, with a certificate of its own."""

    def __init__(self, folder: Path, behind: str, media: Path, store: str = "") -> None:
        self.folder = folder
        self.behind = urlsplit(behind).netloc
        plain, port = _free_port(), _free_port()
        self.url = f"https://127.0.0.1:{port}"
        (folder / "tls").mkdir(parents=True)
        _make_certificate(folder / "tls")
        self._place("hocso.conf", {
            r"listen \[::\]:(80|443)[^;]*;": "", r"listen 80 ": f"listen 127.0.0.1:{plain} ",
            r"listen 443 ": f"listen 127.0.0.1:{port} ", "/etc/ssl/hocso": f"{folder}/tls",
            "/var/cache/hocso": f"{folder}/cache", "/etc/nginx/hocso": str(folder),
            # With the port, which is none of the usual ones here.
            r"Host \$host;": "Host $http_host;",
        })  # fmt: skip
        upstream = self._place("upstream-machine.conf", {
            "server 127.0.0.1:8001": f"server {self.behind}", "server 127.0.0.1:8002[^;]*;": "",
        }, "upstream.conf")  # fmt: skip
        if store:
            told = upstream.read_text().replace("#upstream", "upstream").replace("#    ", "    ").replace("#}", "}")
            upstream.write_text(told.replace("s3.example.vn:443", urlsplit(store).netloc))
            self._place("files-store.conf", {}, "files.conf")
        else:
            self._place("files-disk.conf", {"/var/lib/hocso/media": str(media)}, "files.conf")
        # Only root can and must say whom nginx becomes: here nobody else, for pytest's folders are closed to others.
        user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
        (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))

    @property
    def _command(self) -> list[str]:
        program = shutil.which("nginx") or str(ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx")
        assert Path(program).exists(), "run `make web-server` (or tests/nginx/bring) first"
        errors = str(self.folder / "error.log")
        return [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", errors]

    @contextmanager
    def running(self) -> Iterator["Nginx"]:
        """Up, after it has found nothing wrong with its files."""
        checked = subprocess.run([*self._command, "-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        process = subprocess.Popen(self._command)
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)

    def asked_behind(self) -> list[str]:
        """The paths with which the server behind was asked so far, in order."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return [path for path, _space, address in (line.partition(" ") for line in lines) if self.behind in address]

    def _place(self, name: str, changes: dict[str, str], new_name: str = "") -> Path:
        text = (_DEPLOYED / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            text, times = re.subn(old, new, text)
            assert times, f"{name} no longer says {old}"
        path = self.folder / (new_name or name)
        path.write_text(text, encoding="utf-8")
        return path

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _PATIENCE_S
        port = urlsplit(self.url).port
        assert port
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                said = (self.folder / "error.log").read_text()
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.02)


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
