"""A client that goes on whatever happens to it: `python -m tests.media.sending SERVER FILE PLACE`, headers on stdin.

PLACE remembers the address of the upload, as a browser does between two visits. Ends with the answer to `finish`.
"""

import json
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader import Uploader

_PIECE = 16 * 1024 * 1024
_PAUSE_S = 0.1


def main() -> None:
    server, film, place = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    headers = json.loads(sys.stdin.readline())
    client = TusClient(urljoin(server, "/uploads?course=ky-so"), headers=headers)
    with film.open("rb") as stream:
        while True:
            try:
                url = place.read_text() if place.exists() else ""
                sending = Uploader(
                    file_stream=stream, client=client, chunk_size=_PIECE, url=url or None,
                    metadata={"filename": film.name, "kind": "video"},
                )  # fmt: skip
                if not url:
                    sending.set_url(sending.create_url())
                    place.write_text(sending.url)
                sending.upload()
                break
            except (TusCommunicationError, requests.exceptions.RequestException):
                time.sleep(_PAUSE_S)
    while True:
        try:
            answer = httpx.post(f"{place.read_text()}/finish", headers=headers | {"tus-resumable": "1.0.0"}, timeout=60)
        except httpx.TransportError:
            time.sleep(_PAUSE_S)
            continue
        if answer.status_code != 202:
            print(answer.text)
            return


if __name__ == "__main__":
    main()
