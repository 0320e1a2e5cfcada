"""Vietnamese text: one form to store, one to search, and the order of the dictionary and the class register."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import fold, name_key, nfc, sortable, vietnamese_key, whole

# Written down by hand from Từ điển tiếng Việt: letter by letter, tones ngang, huyền, hỏi, ngã, sắc, nặng.
ALPHABET = [
    *"aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmn",
    *"oòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz",
]

DICTIONARY = [
    "ai", "an", "ao", "ăn", "ân", "ba", "ba ba", "ba lô", "bà", "bà con", "bả", "bã", "bá", "bạ", "ban", "ban công",
    "bàn", "bàn ghế", "bạn", "bang", "băng", "bằng", "bâng", "cá", "da", "đa", "đà", "em", "êm", "lam", "làm", "lan",
    "lăn", "lân", "o", "ô", "ơ", "tan", "tán", "tăn", "thư", "tư", "từ", "vô", "vở",
]  # fmt: skip

# A class register: by given name, then by the names before it from the left.
REGISTER = [
    "Nguyễn Văn An",
    "Trần Thị An",
    "Lê Thị Ánh",
    "Phạm Hoài Ân",
    "Đỗ Văn Bình",
    "Nguyễn An Bình",
    "Nguyễn Thị Bình",
    "Vũ Thị Bính",
    "Hoàng Thị Dung",
    "Nguyễn Tiến Dũng",
    "Trần Văn Dũng",
    "Bùi Văn Đông",
    "Hà Văn Đông",
    "Hạ An Đông",
    "Lê Đức",
    "Lê Thị Đức",
    "Nguyễn Thị Hà",
    "Ngô Thị Hòa",
    "Lò Thị Hồng",
    "Nguyễn Thị Hương",
    "Lê Văn Lan",
    "Ma Văn Lăng",
    "Đặng Thị Ơn",
    "Nguyễn Thị Thu",
    "Nguyễn Thị Thư",
    "Âu Văn Ước",
    "Nguyễn Như Ý",
]

vietnamese_words = st.text(alphabet=[*"".join(ALPHABET), " ", "-", "'", "1", "9"], max_size=24)


def shuffled(words: list[str]) -> list[str]:
    return random.Random(1908).sample(words, len(words))


def test_the_alphabet_is_in_its_order() -> None:
    assert sorted(shuffled(ALPHABET), key=vietnamese_key) == ALPHABET


def test_words_are_in_the_order_of_the_dictionary() -> None:
    assert sorted(shuffled(DICTIONARY), key=vietnamese_key) == DICTIONARY


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_the_register_is_in_its_order_however_it_was_typed(form: str) -> None:
    typed = [unicodedata.normalize(form, name) for name in REGISTER]
    assert sorted(shuffled(typed), key=name_key) == typed
    assert sorted(shuffled(typed), key=sortable) == typed, "and as the database sorts it, by bytes"


def test_case_and_spaces_do_not_matter_for_the_order() -> None:
    assert name_key("  NGUYỄN   VĂN  AN ") == name_key("nguyễn văn an")


def test_digits_come_before_letters_and_other_scripts_after() -> None:
    assert sorted(["ă", "đ", "z", "1", "10", "2", "Ω", "a"], key=vietnamese_key) == [
        "1",
        "10",
        "2",
        "a",
        "ă",
        "đ",
        "z",
        "Ω",
    ]


@given(vietnamese_words, vietnamese_words)
def test_the_string_for_the_database_sorts_as_the_key_does(first: str, second: str) -> None:
    assert (sortable(first) < sortable(second)) == (name_key(first) < name_key(second))


@given(st.text(max_size=20))
def test_any_text_has_a_key_and_the_stored_form_is_stable(text: str) -> None:
    assert sortable(text).isascii()
    assert nfc(nfc(text)) == nfc(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Nguyễn   Văn\tAn\n", "Nguyễn Văn An"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "Tiếng Việt"),
        ("Lê\u00a0Văn\u2003Bình", "Lê Văn Bình"),
        ("\ufeffLê Văn\u200b Bình\u00ad", "Lê Văn Bình"),
        ("Lê\0 Văn Bình\0", "Lê Văn Bình"),
        ("", ""),
    ],
)
def test_text_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert nfc(typed) == stored


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đặng Thị Hương", "dang thi huong"),
        ("ĐẶNG THỊ HƯƠNG", "dang thi huong"),
        ("Ðặng", "dang"),
        ("ðường", "duong"),
        ("Quản lý Nhà nước", "quan ly nha nuoc"),
        ("ƯỚC NGUYỆN ở Bắc Ninh", "uoc nguyen o bac ninh"),
        ("Chuyển  đổi\u00a0số 2.0", "chuyen doi so 2.0"),
        ("đa da", "da da"),
        ("Café naïve", "cafe naive"),
    ],
)
def test_search_ignores_marks_and_case_and_takes_d_with_stroke_for_d(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0", 0), ("07", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None), ("²²", None), ("-1", None),
     ("1.5", None), (" 1", None), ("", None)],
)  # fmt: skip
def test_a_whole_number_is_one_the_database_can_hold(typed: str, number: int | None) -> None:
    assert whole(typed) == number


@pytest.mark.parametrize("letter", ALPHABET)
def test_every_letter_folds_to_plain_ascii(letter: str) -> None:
    assert fold(letter).isascii()
    assert len(fold(letter)) == 1
