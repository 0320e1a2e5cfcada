"""Speaks sentences into WAV files with espeak-ng's library; run by voices.py as a process of its own.

On standard input, one JSON object: `library`, `data` (a folder, or empty), `sentences`, `folder`.
"""

import ctypes
import json
import sys
from pathlib import Path

from app.media.voices import RATE, write_wav

# From speak_lib.h of espeak-ng.
_SYNCHRONOUS, _RATE_PARAMETER, _CHARACTERS, _UTF8 = 2, 1, 1, 1
_WORDS_PER_MINUTE = 150
_VOICE = b"vi"
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main() -> None:
    asked = json.load(sys.stdin)
    library = ctypes.CDLL(asked["library"])
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, asked["data"].encode() or None, 0)
    if rate != RATE or library.espeak_SetVoiceByName(_VOICE) != 0:
        sys.exit(f"espeak-ng: {rate} Hz, or no Vietnamese voice")
    library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_PER_MINUTE, 0)
    spoken = bytearray()

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count:
            spoken.extend(ctypes.string_at(samples, count * 2))
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    for number, sentence in enumerate(asked["sentences"]):
        spoken.clear()
        text = sentence.encode()
        library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, _CHARACTERS, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        write_wav(Path(asked["folder"]) / f"{number:03}.wav", bytes(spoken))


if __name__ == "__main__":
    main()
