"""What people type: names folded for search, ordered by the Cyrillic alphabet, cleaned of what nobody can see."""

import re
import unicodedata

# Pasted from a phone's address book, these come along unseen; an override would turn a name round on the till's screen.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s+")
_APOSTROPHES = re.compile("['`´ʹʼʻ‘’′]")
_FOLD = str.maketrans({"ё": "е", "є": "е", "і": "и", "ї": "и", "ґ": "г", "й": "и", "ў": "у"})
_WORD = re.compile(r"[^\W_]+")
_ALPHABET = "абвгґдеєжзиіїйклмнопрстуўфхцчшщъыьэюя"
_ORDER = str.maketrans({letter: chr(0xE000 + place) for place, letter in enumerate(_ALPHABET)} | {"ё": chr(0xE000 + 6)})


def clean_line(text: str) -> str:
    """Return one line of text (a name, a tag) without control characters and direction marks, spaces collapsed.

    Letters are composed: what looks the same is the same.
    """
    visible = _CONTROL.sub("", _INVISIBLE.sub("", _SPACE.sub(" ", text)))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", visible).strip())


def clean_text(text: str) -> str:
    """Return text of several lines (a note) without control characters and direction marks; line ends become \\n."""
    lines = _CONTROL.sub("", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return lines.strip()


def fold(text: str) -> str:
    """Return `text` as search sees it: Артём, АРТЕМ and артем are one; so are Сергій and Сергий."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _APOSTROPHES.sub("", unicodedata.normalize("NFKC", plain)).translate(_FOLD)


def words(text: str) -> list[str]:
    """Return the folded words of `text`; a hyphen divides."""
    return _WORD.findall(fold(text))


def sort_key(text: str) -> tuple[str, str]:
    """Return a key that sorts by the Russian and Ukrainian alphabets, Latin first.

    Ґ follows Г, Є follows Е, І and Ї follow И. Ё counts as Е, and is later only where nothing else differs.
    """
    lowered = unicodedata.normalize("NFKC", text).casefold()
    return lowered.translate(_ORDER), lowered
