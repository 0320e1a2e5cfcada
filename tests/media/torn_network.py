"""A way to a server that can be cut: every connection through it ends in the middle of whatever it carries."""

import socket
import threading
from contextlib import suppress


class TornNetwork:
    """Listens on `port` and passes everything on to `target`, a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                here, _address = self._door.accept()
                try:
                    there = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    here.close()
                    continue
                self._open |= {here, there}
                for source, goal in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(source, goal), daemon=True).start()

    def _pass_on(self, source: socket.socket, goal: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(64 * 1024):
                goal.sendall(chunk)
        for end in (source, goal):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            # Closed, not only shut: who is still sending must hear of it.
            end.close()
            self._open.discard(end)
