"""The documents of the browser tests: repeated sentences, odd characters, hostile names.

Receives a folder; hands on the files in it, byte for byte as they are written here.
"""

from __future__ import annotations

from pathlib import Path

TOWER = "tower.txt"
HOSTILE = "*stars* [l](javascript:hacked=1) <img src=x onerror=hacked=1> &amp;.txt"
REPEATED = "The beacon of Orl was lit by Ada Nu\u0301n\u0303ez in 1887."
PASSWORD = (
    "The password of the harbour <img src=x onerror=hacked=1> is *stars* `code` $x$ $$y$$"
    " [l](javascript:hacked=1) &amp; <script>hacked=1</script> </div> swordfish."
)
SILENT_QUESTION = 'Who wrote of "the purple walrus" in the ledger of the guild?'

# Before the words that are sought stands everything that shifts a careless offset: characters
# of two UTF-16 units, of two code points, right-to-left, CR LF and lone CR, NBSP, zero width.
ODD = "👩\u200d🚀 e\u0301 \u05e9\u05dc\u05d5\u05dd\u00a0İ\ufb01 \u200b🗼\ttab\r\nlone\rcr\r\n\r\n"


def write_documents(folder: Path) -> None:
    """Write the documents; the repeated sentence stands three times, far apart."""
    folder.mkdir()
    parts = [f"The towers of Orl 🗼\r\n\r\n{ODD}"]
    for part in ("north", "middle", "south"):
        filler = "\r\n\r\n".join(
            f"Stone {number} of the {part} wall was laid on a {day}\u00a0morning 🧱, and the masons"
            " wrote its weight and its price into the ledger of the guild."
            for number, day in enumerate(("Monday", "Tuesday", "Friday", "Sunday") * 4, 1)
        )
        parts.append(f"{filler}\r\n\r\n{ODD}{REPEATED}\r\n\r\n")
    (folder / TOWER).write_bytes("".join(parts).encode())
    hostile = f"<script>hacked=1</script>\n\n{PASSWORD}\n\nIt changes every year.\n"
    (folder / HOSTILE).write_bytes(hostile.encode())
