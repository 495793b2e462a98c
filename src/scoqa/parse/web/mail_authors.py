"""Find who wrote each line of an e-mail: its sender, or the author of a quoted or forwarded part.

Input: the lines of a body, each with the number of quotations around it. Output: a label per line,
"from Anna Li, 3 May 2024", or "quoted in a message from ..." if the author is not named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scoqa.parse.web.mail_dates import find_day, is_weekday, remove_times

LONGEST_ATTRIBUTION = 300  # characters, on at most MOST_LINES lines
MOST_LINES = 3
LONGEST_NAME = 80  # characters
MOST_FIELDS = 12  # lines of a head block that are looked at
_MOST_FOLDED = 2  # lines on which a long list of recipients continues

_QUOTE = re.compile(r"(?:>[ \t]?)+")
_ESCAPED_FROM = re.compile(r">+From ")  # as mailboxes write a line that starts with "From "

# The fields of a head block, as mail programs name them in English, German, French, Dutch, Spanish,
# Italian, Portuguese, Danish, Norwegian, Swedish and Polish.
_FIELDS = {
    "from": "from von de van da fra från od",
    "date": "sent date gesendet datum envoyé verzonden enviado inviato data fecha sendt skickat "
    "wysłano dato",
    "to": "to an à aan para a til till do",
    "cc": "cc bcc kopie copie kopia",
    "subject": "subject betreff objet onderwerp asunto oggetto assunto emne ämne temat",
}
_KIND_OF_FIELD = {name: kind for kind, names in _FIELDS.items() for name in names.split()}
_FIELD = re.compile(r"[*_]{0,2}\s*([^\W\d_]{1,10})\s*[*_]{0,2}\s*[:：]\s*[*_]{0,2}\s*(.*)")

_BETWEEN_LINES = re.compile(r"[-_=*]{2,}\s*(\S.{0,100}?)\s*[-_=*]{2,}\s*")
_BEGIN = re.compile(
    r"(?:begin|anfang|début|debut|inicio|início|inizio|start)\b.{0,60}[:：]\s*", re.IGNORECASE
)
_PASSED_ON = re.compile(
    r"\b(?:forwarded|original\w*|weitergeleitet\w*|ursprüngliche\w*|origine|transféré\w*"
    r"|réexpédié|transmis|doorgestuurd\w*|oorspronkelijk\w*|inoltrat\w*|reenviad\w*"
    r"|encaminhad\w*|videresend\w*|vidarebefordra\w*|przekazan\w*|oryginaln\w*)",
    re.IGNORECASE,
)
_MESSAGE = re.compile(
    r"message|mail\b|nachricht|bericht|mensaje|mensagem|messaggio|medde|melding|wiadomość|\bby\b",
    re.IGNORECASE,
)
_END = re.compile(r"\W*end of (?:the )?(?:forwarded|original) message\W*", re.IGNORECASE)

_VERB = re.compile(
    r"\b(?:wrote|writes|hat(?=\s.{1,80}\sgeschrieben)|geschrieben|schrieb|schreef|a écrit"
    r"|ha scritto|escribió|escreveu|skrev|napisał(?:\(a\)|a)?|kirjoitti|quoting|zitat von)(?!\w)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[<(\[]*\s*(?:mailto:)?([\w.+'&=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)\s*[>)\]]*",
    re.IGNORECASE,
)
# Words around a date, such as "on" and "at", in the languages of _FIELDS.
_AROUND_A_DATE = frozenset(
    "on at the am um den le à a op om el las il giorno alle ore em às as kl o godz dnia w dniu"
    " d de del h uhr".split()
)
_NO_NAME = frozenset(
    "i you he she we they it someone as and then this that ich du er sie es wir ihr je tu il elle"
    " nous vous ils elles ik jij hij zij u wij yo él ella usted io lui lei eu ele ela".split()
)
_EDGES = " \t\xa0\"'“”„«».,;:：()[]<>*_|-"
_SENTENCE_END = re.compile(r"[!?;]|[^\W\d_]{4,}\.\s")


@dataclass(frozen=True, slots=True)
class MailLine:
    """A line of the body without its quotation marks. depth: how many quotations contain it."""

    depth: int
    text: str


def read_line(text: str, depth: int = 0) -> MailLine:
    """Return a line of plain text. depth: of the quotations that its markup shows."""
    quotes = _QUOTE.match(text)
    if quotes is None or _ESCAPED_FROM.match(text):
        return MailLine(depth, text.strip())
    return MailLine(depth + quotes[0].count(">"), text[quotes.end() :].strip())


def label_lines(lines: Sequence[MailLine], sender: str) -> list[str]:
    """Return the label of each of `lines`, in order.

    lines: all lines of one e-mail's body. sender: the label of the e-mail itself.
    A quotation belongs to the author named above it, until another is named at its depth; where a
    reply follows a quotation, the author of the reply is the one of its own depth. An author named
    by a head block also wrote all later lines of that depth.
    """
    written = [number for number, line in enumerate(lines) if line.text]
    known = dict(
        zip(written, _label_written([lines[number] for number in written], sender), strict=True)
    )
    labels: list[str] = []
    for number, line in enumerate(lines):
        following = number + 1
        if number not in known and following in known and lines[following].depth == line.depth:
            labels.append(known[following])
        else:
            labels.append(known.get(number, labels[-1] if labels else sender))
    return labels


def _label_written(lines: Sequence[MailLine], sender: str) -> list[str]:
    """Return the label of each of `lines`, which all contain text."""
    authors: dict[int, str | None] = {0: sender}  # by depth
    labels: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        previous = lines[index - 1] if index else None
        following = lines[index + 1].depth if index + 1 < len(lines) else line.depth
        if previous is not None and line.depth > previous.depth:
            named = _find_attribution(lines, index)
            if named is not None:
                _set_author(authors, previous.depth + 1, named or None)
        follows_separator = previous is not None and _is_separator(previous.text)
        head = _read_head(lines, index, least_fields=2 if follows_separator else 3)
        if head is not None:
            end, author = head
            after = lines[end].depth if end < len(lines) else line.depth
            before = dict(authors)
            _set_author(authors, line.depth, author)
            labels += [_describe(authors, line.depth, sender)] * (end - index)
            if after > line.depth:  # the quotation that follows is the message
                authors = before
                _set_author(authors, line.depth + 1, author)
            index = end
            continue
        if follows_separator and previous is not None and line.depth == previous.depth:
            _set_author(authors, line.depth, None)
        elif line.depth == 0 and _END.fullmatch(line.text):
            _set_author(authors, 0, sender)
        labels.append(_describe(authors, line.depth, sender))
        if following == line.depth and (named := _read_unmarked_attribution(lines, index)):
            _set_author(authors, line.depth, named)
        index += 1
    return labels


def _set_author(authors: dict[int, str | None], depth: int, author: str | None) -> None:
    """Set the author at `depth`, and forget those of deeper quotations."""
    for deeper in [known for known in authors if known > depth]:
        del authors[deeper]
    authors[depth] = author


def _describe(authors: dict[int, str | None], depth: int, sender: str) -> str:
    """Return the label at `depth`: its author, or that of the nearest message that quotes it."""
    for known in range(depth, -1, -1):
        if (author := authors.get(known)) is not None:
            return author if known == depth else f"quoted in a message {author}"
    return f"quoted in a message {sender}"


def _is_separator(text: str) -> bool:
    """Return whether a line announces a message: "-----Original Message-----"."""
    match = _BETWEEN_LINES.fullmatch(text)
    words = match[1] if match else text if _BEGIN.fullmatch(text) else ""
    is_announced = _PASSED_ON.search(words) and _MESSAGE.search(words)
    return bool(is_announced) and not _END.fullmatch(text)


def _read_head(
    lines: Sequence[MailLine], start: int, *, least_fields: int
) -> tuple[int, str | None] | None:
    """Return the end of the head block at `start` and its author; None if there is no head block.

    The author is None if the field names nobody. least_fields: the sender's among them.
    """
    fields: dict[str, str] = {}
    end = index = start
    limit = min(len(lines), start + MOST_FIELDS)
    while index < limit and lines[index].depth == lines[start].depth:
        match = _FIELD.fullmatch(lines[index].text)
        kind = _KIND_OF_FIELD.get(match[1].lower()) if match else None
        if match is not None and kind is not None and kind not in fields:
            fields[kind] = match[2]
            end = index + 1
        elif index == start or index - end >= _MOST_FOLDED:
            break
        index += 1
    if "from" not in fields or len(fields) < least_fields:
        return None
    name = _choose_name([_ADDRESS.sub(" ", fields["from"])], fields["from"])
    _, day = find_day(fields.get("date", ""), day_first=None)
    return end, _label(name, day) if name else None


def _find_attribution(lines: Sequence[MailLine], end: int) -> str | None:
    """Return the author that the lines before lines[end] name: "On 3 May 2024, Anna Li wrote:".

    Returns None if they name none, and "" if they announce a quotation without a known author.
    """
    depth = lines[end - 1].depth
    best: str | None = None
    for count in range(1, MOST_LINES + 1):
        start = end - count
        if start < 0 or lines[start].depth != depth:
            break
        author, has_date, _ = read_attribution(" ".join(line.text for line in lines[start:end]))
        if author and (has_date or not best):
            best = author
            if has_date:
                break
        elif author is not None and best is None:
            best = author
    return best


def _read_unmarked_attribution(lines: Sequence[MailLine], index: int) -> str | None:
    """Return the author named by the lines that end at `index`, if what follows is not marked.

    Then a date with a time or an address is required: prose may contain "Anna wrote:" as well.
    """
    for count in range(1, MOST_LINES + 1):
        start = index + 1 - count
        if start < 0 or lines[start].depth != lines[index].depth:
            break
        author, has_date, is_certain = read_attribution(
            " ".join(line.text for line in lines[start : index + 1])
        )
        if author and has_date and is_certain:
            return author
    return None


def read_attribution(text: str) -> tuple[str | None, bool, bool]:
    """Return the author that `text` names, whether it has a date, and a time or an address.

    The author is None if `text` is not an attribution, and "" if its author is not clear: "You
    wrote:", or words on both sides of the verb.
    """
    words = text.rstrip(" \t\xa0*_")
    if not words.endswith((":", "：")) or len(words) > LONGEST_ATTRIBUTION:
        return None, False, False
    verb = _VERB.search(words)
    without_addresses = _ADDRESS.sub("\0", words)
    has_address = "\0" in without_addresses
    day_first = None if verb is None or verb[0].lower() in ("wrote", "writes") else True
    span, day = find_day(without_addresses, day_first=day_first)
    if span is None and verb is None:
        return None, False, False
    if verb is None and (span is None or span[0] > 0 or not has_address):
        return None, False, False  # "2024-05-14 10:12 GMT+02:00 Anna Li <anna@example.org>:"
    if span is not None:
        without_addresses = f"{without_addresses[: span[0]]}\0{without_addresses[span[1] :]}"
    without_times = remove_times(without_addresses)
    pieces = _VERB.sub("\0", without_times).split("\0")
    name = _choose_name(
        [
            _strip_date_words(piece, is_first=not number and span is not None)
            for number, piece in enumerate(pieces)
        ],
        words,
    )
    if not (span or has_address) and name and (not name[0].isupper() or name.count(" ") > 3):
        name = ""
    author = _label(name, day) if name else ""
    return author, span is not None, has_address or without_times != without_addresses


def _strip_date_words(piece: str, *, is_first: bool) -> str:
    """Return `piece` without the words that introduce a date or a time.

    They are removed at its end; at its start only if the sentence starts there, because a name may
    start with such a word.
    """
    words = piece.strip(_EDGES).split()

    def introduces(word: str) -> bool:
        bare = word.strip(_EDGES).lower()
        return not bare or bare in _AROUND_A_DATE or is_weekday(bare)

    if all(introduces(word) for word in words):
        return ""
    while introduces(words[-1]):
        words.pop()
    while is_first and introduces(words[0]):
        words.pop(0)
    return " ".join(words)


def _choose_name(pieces: Sequence[str], source: str) -> str:
    """Return the only name among `pieces`, else the address in `source`, or ""."""
    names = [name for piece in pieces if (name := piece.strip(_EDGES))]
    if not names:
        address = _ADDRESS.search(source)
        return address[1] if address else ""
    name = " ".join(names[0].split())
    is_name = (
        len(names) == 1
        and len(name) <= LONGEST_NAME
        and name.split()[0].lower() not in _NO_NAME
        and not _SENTENCE_END.search(name)
        and any(character.isalpha() for character in name)
    )
    return name if is_name else ""


def _label(name: str, day: str | None) -> str:
    return f"from {name}" + (f", {day}" if day else "")
