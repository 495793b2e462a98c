"""The documents of the browser tests: repeated sentences, odd characters, hostile names.

Receives a folder; hands on the files in it, byte for byte as they are written here.
"""

from __future__ import annotations

from pathlib import Path

TOWER = "tower.txt"
COPY = "letters/copy.txt"
CHARTER = "letters/charter.md"
HEBREW = "letters/hebrew.txt"
LAMP = "letters/lamp.txt"
HOSTILE_FOLDER = "<b>bold & [x](javascript:hacked=1)"
HOSTILE = (
    f"{HOSTILE_FOLDER}/*stars* [l](javascript:hacked=1) <img src=x onerror=hacked=1> &amp;.txt"
)
REPEATED = "The beacon of Orl was lit by Ada Nu\u0301n\u0303ez in 1887 🔥."
TIMES = 5
FURTHER = "So in 1887 the beacon of Orl was lit, and Ada Nu\u0301n\u0303ez lit it."
PASSWORD = (
    "The password of the harbour <img src=x onerror=hacked=1> is *stars* `code` $x$ $$y$$"
    " [l](javascript:hacked=1) &amp; <script>hacked=1</script> </div> \u0001\u202eswordfish\u202c."
)
# "The keeper of the library in Haifa is Miriam Levi." and a sentence before it.
HEBREW_QUOTE = (
    "\u05e9\u05d5\u05de\u05e8\u05ea \u05d4\u05e1\u05e4\u05e8\u05d9\u05d9\u05d4"
    " \u05d1\u05d7\u05d9\u05e4\u05d4 (Haifa library keeper) \u05d4\u05d9\u05d0"
    " \u05de\u05e8\u05d9\u05dd \u05dc\u05d5\u05d9 (Miriam Levi)."
)
# One sentence longer than a passage may be: whoever quotes it whole quotes two passages.
LONG = (
    "The great lamp of Quill burns "
    + ", ".join(f"{number} measures of clear oil from the press of village {number}"
                for number in range(1, 31))
    + ", and is trimmed by Osric."
)  # fmt: skip

BEACON = "Who lit the beacon of Orl in 1887?"
HARBOUR = "What is the password of the harbour?"
KEEPER = "Who is the keeper of the Haifa library?"
QUILL = "What does the great lamp of Quill burn?"
ARTICLE = "How long is the term of the warden?"
SILENT_QUESTION = 'Who wrote of "the purple walrus" in the ledger of the guild?'

# Before the words that are sought stands everything that shifts a careless offset: characters
# of two UTF-16 units, of two code points, right-to-left, CR LF and lone CR, NBSP, zero width.
ODD = "👩\u200d🚀 e\u0301 \u05e9\u05dc\u05d5\u05dd\u00a0İ\ufb01 \u200b🗼\ttab\r\nlone\rcr\r\n\r\n"


def tower() -> str:
    """Return a text in which one sentence stands five times, far apart."""
    parts = [f"The towers of Orl 🗼\r\n12 May 1890, Orl\r\n\r\n{ODD}"]
    for part in ("north", "middle", "south", "east", "west")[:TIMES]:
        filler = "\r\n\r\n".join(
            f"Stone {number} of the {part} wall was laid on a {day}\u00a0morning 🧱, and the masons"
            " wrote its weight and its price into the ledger of the guild."
            for number, day in enumerate(("Monday", "Tuesday", "Friday", "Sunday") * 4, 1)
        )
        parts.append(f"{filler}\r\n\r\n{ODD}{REPEATED}\r\n\r\n")
    return "".join(parts)


def documents() -> dict[str, str]:
    """Return every document's text by its path."""
    return {
        TOWER: tower(),
        COPY: f"A letter about the beacon\n3 June 1891\n\n{ODD}{REPEATED}\n\n{FURTHER}\n",
        CHARTER: (
            "# The charter of Orl\n\n## The warden\n\n| *office* | years |\n|---|---|\n\n"
            "The term of the **warden** is `seven` years &amp; a day.\n"
        ),
        HEBREW: f"Letters from Haifa\n\n{ODD}{HEBREW_QUOTE}\n\nThe ships come in spring.\n",
        LAMP: f"The lamps of Quill\n\n{ODD}{LONG}\n\nOsric is old.\n",
        HOSTILE: f"<script>hacked=1</script>\n\n{PASSWORD}\n\nIt changes every year.\n",
    }


def write_documents(folder: Path) -> None:
    """Write the documents into `folder`, which is made."""
    for path, text in documents().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
