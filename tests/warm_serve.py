"""Starts `python -m app serve` again and again without importing it again: forks of a process that has it loaded.

Reads commands from its input, one a line: `start` answers with the new process id, `poll` with its exit status or an
empty line while it runs, `wait` with the status once it has ended. Ends with its input, and takes the server along.
"""

import os
import signal
import sys

from app.__main__ import main


def _start() -> int:
    pid = os.fork()
    if pid == 0:
        # What the server prints must not be taken for an answer.
        os.close(0)
        os.dup2(2, 1)
        os._exit(main(["serve"]))
    return pid


def _ended(pid: int, how: int) -> str:
    ended, status = os.waitpid(pid, how)
    return str(os.waitstatus_to_exitcode(status)) if ended else ""


def _answer_commands() -> None:
    pid = 0
    print("ready", flush=True)
    for command in sys.stdin:
        match command.strip():
            case "start":
                pid = _start()
                print(pid, flush=True)
            case "poll":
                print(_ended(pid, os.WNOHANG), flush=True)
            case "wait":
                print(_ended(pid, 0), flush=True)
                pid = 0
    if pid:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _answer_commands()
