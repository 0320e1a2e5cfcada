"""Vietnamese text: one normal form, search without marks, names in Vietnamese order."""

import re
import unicodedata
from functools import lru_cache

# Zero-width characters and soft hyphens come along when names are copied from web pages and chats; no text has a NUL.
_UNSEEN = re.compile("[\0\u200b\u200c\u2060\ufeff\u00ad]")
# Old Vietnamese fonts wrote đ with the Icelandic or African letter that looks the same.
_LOOKALIKES = str.maketrans("ðÐɖƉ", "đĐđĐ")
# Vietnamese dictionary order of letters; a plain code-point sort puts ă after z.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
# ngang, huyền, hỏi, ngã, sắc, nặng: the order of tones in Vietnamese dictionaries.
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
WordKey = tuple[tuple[int, ...], tuple[int, ...]]
_LETTER_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=100)}


def nfc(text: str) -> str:
    """Text as we store it: NFC, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", text)).split())


def whole(text: str) -> int | None:
    """A whole number from a field or an address; None for anything else, and for more than a database could hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def several_lines(text: str) -> str:
    """Text of several lines as we keep it: NFC, line feeds only, no spaces at line ends, no empty lines around."""
    plain = unicodedata.normalize("NFC", _UNSEEN.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")


def fold(text: str) -> str:
    """Text as we search it: lower case, no marks, đ as d. `fold("Đặng") == "dang"`."""
    plain = nfc(text)
    if plain.isascii():
        return plain.lower()
    decomposed = unicodedata.normalize("NFD", plain.translate(_LOOKALIKES).lower())
    letters = [char for char in decomposed if char.isascii() or not unicodedata.combining(char)]
    return unicodedata.normalize("NFC", "".join(letters)).replace("đ", "d")


def vietnamese_key(text: str) -> tuple[WordKey, ...]:
    """Sort key in dictionary order: word by word; in a word all letters first, tones only break ties.

    So everything under "ba" (ba ba, ba lô) comes before "bà", as in Hoàng Phê's dictionary and in class registers.
    """
    return tuple(_word_key(word) for word in text.translate(_LOOKALIKES).lower().split())


def name_key(full_name: str) -> tuple[tuple[WordKey, ...], tuple[WordKey, ...]]:
    """Sort key of a person's name: given name (the last word) first, then the rest from the left."""
    *before, given = nfc(full_name).split(" ")
    return vietnamese_key(given), vietnamese_key(" ".join(before))


def sortable(full_name: str) -> str:
    """`name_key` as a string a database can sort by bytes: ranks in hexadecimal, letters before tones.

    The signs between words, and between letters and tones, sort before every digit, so that the shorter comes first.
    """
    given, before = name_key(full_name)
    return " ".join(
        "".join(f"{rank:06x}" for rank in letters) + "!" + "".join(str(tone) for tone in tones)
        for letters, tones in (*given, *before)
    )


# Names share their words: Nguyễn, Thị, Thôn, Trường. Pure, and most of what sorting a long list costs.
@lru_cache(maxsize=4096)
def _word_key(word: str) -> WordKey:
    letters: list[int] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFC", word):
        base, tone = _split_tone(char)
        letters.append(_LETTER_RANK.get(base, ord(base) if ord(base) < 100 else 10_000 + ord(base)))
        tones.append(tone)
    return tuple(letters), tuple(tones)


def _split_tone(char: str) -> tuple[str, int]:
    tone = 0
    kept = []
    for part in unicodedata.normalize("NFD", char):
        if part in _TONES:
            tone = _TONES[part]
        else:
            kept.append(part)
    return unicodedata.normalize("NFC", "".join(kept))[:1] or char, tone
