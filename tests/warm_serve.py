"""Starts `python -m app serve` again and again without importing it again: forks of a process that has it loaded.

Reads commands from its input, one JSON list a line, and answers each with a line: `["start", environment, log]` with
the new process id, `["poll", pid]` with its exit status or an empty line while it runs, `["wait", pid]` with the status
once it has ended. Ends with its input, and takes the servers along.
"""

import json
import os
import signal
import sys

from fastapi.routing import iter_route_contexts

from app.__main__ import main
from app.core.allocation import keep_what_is_loaded
from app.main import routes


def _start(environment: dict[str, str], log: str) -> int:
    pid = os.fork()
    if pid == 0:
        os.environ.update(environment)
        # What the server prints must not be taken for an answer.
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.close(0)
        os._exit(main(["serve"]))
    return pid


def _ended(pid: int, how: int) -> str:
    ended, status = os.waitpid(pid, how)
    return str(os.waitstatus_to_exitcode(status)) if ended else ""


def _answer_commands() -> None:
    # What the routes need is worked out once, not by each server: most of the time a start takes.
    list(iter_route_contexts(routes()))
    keep_what_is_loaded()
    running: set[int] = set()
    print("ready", flush=True)
    for line in sys.stdin:
        match json.loads(line):
            case ["start", environment, log]:
                pid = _start(environment, log)
                running.add(pid)
                print(pid, flush=True)
            case ["poll", pid]:
                print(_ended(pid, os.WNOHANG), flush=True)
            case ["wait", pid]:
                print(_ended(pid, 0), flush=True)
                running.discard(pid)
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _answer_commands()
