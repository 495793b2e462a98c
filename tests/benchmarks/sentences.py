"""Compare sentence segmenters: does each partition the text, where does it cut, how fast is it.

Receives a folder of documents and, if wanted, a question set whose gold spans lie in them.
Hands on tables on standard output; a segmenter that is not installed is named, not left out.

    python tests/benchmarks/sentences.py DOCS [QUESTIONS.jsonl]
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from scoqa.sentences import sentences

Spans = list[tuple[int, int]]
Segmenter = Callable[[str], Spans]

# One text per entry, a broken bar where a sentence must end. Written and labelled by hand before
# any segmenter was run on them; where two readings are defensible the case was left out.
HARD_CASES = (
    # abbreviations and titles
    "The U.S. delegation arrived on Monday.¦ It left on Friday.",
    "She has lived in the U.S. since 1999.¦ He has not.",
    "They moved to the U.S.¦ The children stayed in Tashkent.",
    "The U.S. Congress passed the bill.¦ The President signed it.",
    "Mr. Speaker, Mrs. Jones and Dr. Brown agree.¦ So do I.",
    "Mr Putin met Mrs Merkel.¦ Mr Putin then left.",
    "See Resolution No. 5 of the Council.¦ It is binding.",
    "Was it signed?¦ No.¦ It was only initialled.",
    "Maj. Gen. Xu Hui, Head of the College, thanked the Secretary-General.¦ He then left.",
    "Lt. Col. J. T. Smith took command.¦ Capt. Lee retired.",
    "Some goods, e.g. Uzbek cotton, are exempt.¦ Others are not.",
    "Members, i.e. China and Russia, paid.¦ Observers did not.",
    "J. K. Rowling wrote it.¦ J. R. R. Tolkien did not.",
    "It was written by George W. Bush.¦ The editor was unnamed.",
    "On Jan. 5 the talks began.¦ By Feb. 2, 2011 they had failed.",
    "Prices rose 3.5 per cent.¦ Wages rose 0.4 per cent.",
    "Apple Inc. said on Friday it would appeal.¦ Google Inc. did not comment.",
    "The supplier is Acme Ltd.¦ It was founded in 1921.",
    "He joined Acme Corp. in May.¦ She joined Widget Co. in June.",
    "The forum was held in St. Petersburg.¦ St. Basil's was closed.",
    "He lives on Main St.¦ She lives on Elm Ave.¦ They rarely meet.",
    "The meeting starts at 5 p.m. in the Great Hall.¦ Doors open at 4 p.m.",
    "It ended at 5 p.m.¦ The delegates went home.",
    "John Smith Jr. was elected.¦ His father, John Smith Sr., was pleased.",
    "Smith et al. found no effect.¦ Jones vs. Smith settled it.",
    "See Fig. 3 and Figs. 4 and 5.¦ Eq. 2 follows from Sec. 1.",
    "He holds a Ph.D. in law.¦ She holds an M.A. and a B.Sc. from Oxford.",
    "Bring pens, paper, etc. to the exam.¦ Bring no phones.",
    "Bring pens, paper, etc.¦ The exam starts at nine.",
    "Approx. 40 people came.¦ About 30 (approx. half) stayed.",
    "The U.K., the U.A.E. and the D.P.R.K. abstained.¦ France voted in favour.",
    "Art. 7 applies.¦ Arts. 8 and 9 do not.",
    # datelines
    "ASTANA, June 9. — The heads of state met today.¦ They signed a declaration.",
    "2016-02-26, Moscow¦\nSource: http://example.org/news/51397 (example.org, CC BY 4.0)",
    "BEIJING, April 24 (Xinhua) -- Vice President Xi Jinping met the ministers.¦ He spoke first.",
    # quotations and brackets
    '"All states are interested in peace," he said.¦ "We are too."¦ Nobody disagreed.',
    "“We will win.”¦ The crowd cheered.",
    "“Will you come?” he asked.¦ She nodded.",
    '"Stop!" she cried.¦ He stopped.',
    "He said: “It is late.¦ We must go.”¦ They went.",
    "(The text was adopted.)¦ The session closed.",
    "The text (see p. 12) was adopted.¦ The vote (14 to 1) was recorded.",
    "He called it ‘a disgrace.’¦ Others agreed.",
    "It was “security through cooperation”.¦ That was the motto.",
    "He asked why.¦ (No one answered.)¦ [Laughter.]¦ He sat down.",
    "The treaty lapsed.[12]¦ It was renewed in 2004.[3][4]¦ It lapsed again.",
    # speakers
    "President of Russia Vladimir Putin: Good afternoon, colleagues.¦ Let us begin.",
    "Question: Will you run?¦ Answer: Yes.¦ Of course.",
    "Q. Did you sign it?¦ A. I did.",
    # lists, headings, lines
    "The agenda:¦\n1. Trade¦\n2. Security¦\n3. Other business",
    "The organisation has three aims:¦\n- peace¦\n- trade¦\n- friendship",
    "1. Open the box.¦ 2. Read the manual.¦ 3. Press start.",
    "Annual Report 2016¦\n\nThe year was good.¦ Trade grew.",
    "Introduction¦\nThe organisation was founded in 2001.¦ It has eight members.",
    "# Leave¦\nYou have 30 days.¦\n## Sick leave¦\nTell us early.",
    "• Bring your passport¦\n• Bring a photograph¦\n• Be on time",
    "Name\tAge¦\nAnna\t31¦\nBoris\t40",
    "year | revenue¦\n2016 | 14 million¦\n2017 | 16 million",
    "Chapter 2. Membership",
    "Title: Annual Report¦\nAuthor: Anna Smith¦\nDate: 5 May 2016",
    "Vladimir Putin had talks\nwith President of Kazakhstan Nursultan Nazarbayev.¦ They agreed.",
    "The ceremony took place in the Alexander Hall of the Grand Kremlin\nPalace in Moscow.¦ It was"
    " short.",
    "Vladimir Putin met with\nPresident of Mongolia Khaltmaagiin Battulga.¦ They spoke.",
    "The meeting was chaired by Mr.\nRashid Alimov.¦ It lasted an hour.",
    "The first paragraph was cut off in the mid¦\n\nThe second one was not.",
    "The heads of state, who met in Bishkek on Friday to discuss trade and\nsecurity, adopted a"
    " declaration.¦ The declaration names three evils and\nsets out what each member will do.",
    "First line.¦\r\nSecond line.¦\r\n\r\nThird line.",
    "Dear Ms Lee,¦\n\nThank you for your letter.¦ We will reply.¦\n\nYours,\nAnna",
    # other marks
    "Wait... what?¦ I thought... never mind.",
    "He hesitated…¦ Then he spoke.",
    "Really?!¦ Yes!!!¦ Fine.",
    "Yahoo! was bought by Verizon.¦ Which company is next?",
    "Version 2.1 was skipped.¦ Version 2.2 fixed it.",
    "Visit www.example.org.¦ It is free.",
    "The plan costs $3.5 bn.¦ It covers 2.5 million people.",
    "He was born in 1952.¦ 2001 was his first year in office.",
    "The temperature fell to -5 °C.¦ At night it was colder.",
    "So am I.¦ You are not.",
    "It was World War I.¦ The war ended in 1918.",
    "the company filed in 2017.¦ the court agreed.¦ no appeal was lodged.",
    # without white space, other scripts
    "上海合作组织成立于2001年。¦它有八个成员国。¦总部在北京。",
    "他说：“我们走吧。”¦大家都同意了。",
    "Он приехал в Москву.¦ Встреча началась в 10 часов.",
    "هل وصل الوفد؟¦ نعم، وصل أمس.",
    "यह बैठक दिल्ली में हुई।¦ सभी नेता आए।",
)

HOSTILE: dict[str, Callable[[int], str]] = {
    "one line": lambda n: "word " * (n // 5),
    "no white space": lambda n: "a" * n,
    "dots": lambda n: "." * n,
    "newlines": lambda n: "\n" * n,
    "abbreviations": lambda n: "U.S. " * (n // 5),
    "one sentence again": lambda n: "It was so. " * (n // 11),
    "CRLF, emoji, NUL": lambda n: "Caf\u0065\u0301 \U0001f600.\r\n\x00 So\u00a0it is. " * (n // 27),
}


def place(text: str, pieces: list[str]) -> Spans:
    """Return where the pieces stand, found with a cursor that only moves forward; -1 if nowhere."""
    spans, cursor = [], 0
    for piece in pieces:
        start = text.find(piece, cursor)
        spans.append((start, start + len(piece)))
        cursor = max(cursor, start + len(piece))
    return spans


def load_pysbd() -> Segmenter:
    segmenter = importlib.import_module("pysbd").Segmenter("en", clean=False, char_span=True)
    return lambda text: [(span.start, span.end) for span in segmenter.segment(text)]


def load_sentencex() -> Segmenter:
    segment = importlib.import_module("sentencex").segment
    return lambda text: place(text, segment("en", text))


def load_nupunkt() -> Segmenter:
    spans = importlib.import_module("nupunkt").sent_spans
    return lambda text: list(spans(text))


def load_syntok() -> Segmenter:
    analyze = importlib.import_module("syntok.segmenter").analyze
    return lambda text: [
        (tokens[0].offset, tokens[-1].offset + len(tokens[-1].value))
        for paragraph in analyze(text)
        for tokens in paragraph
    ]


def load_yasbd() -> Segmenter:
    detector = importlib.import_module("yasbd").BoundaryDetector("en")
    return lambda text: place(text, list(detector.segment(text, preserve_whitespace=True)))


LIBRARIES: dict[str, Callable[[], Segmenter]] = {
    "pysbd": load_pysbd,
    "sentencex": load_sentencex,
    "nupunkt": load_nupunkt,
    "syntok": load_syntok,
    "yasbd-lib": load_yasbd,
}


def within_our_lines(segment: Segmenter) -> Segmenter:
    """Return the segmenter applied to each run of text in which scoqa sees no end at a line break.

    Line breaks inside are given to it as spaces, one for one, so that it judges only the prose.
    """

    def wrapped(text: str) -> Spans:
        spans: Spans = []
        begin = 0
        for _, end in sentences(text):
            gap = text[begin:end]
            gap = gap[len(gap.rstrip()) :]
            if end == len(text) or "\n" in gap or "\r" in gap:
                flat = text[begin:end].replace("\n", " ").replace("\r", " ")
                spans += [(begin + first, begin + last) for first, last in segment(flat)]
                begin = end
        return spans

    return wrapped


def starts(text: str, spans: Spans) -> set[int]:
    """Return where sentences begin, white space skipped, the first one left out."""
    found = set()
    for start, _ in spans:
        while 0 <= start < len(text) and text[start].isspace():
            start += 1
        if text[:start].strip() and start < len(text):
            found.add(start)
    return found


def is_partition(text: str, spans: Spans) -> bool:
    return "".join(text[start:end] for start, end in spans) == text and all(
        left[1] == right[0] for left, right in pairwise(spans)
    )


def hard_case(case: str) -> tuple[str, set[int]]:
    """Return the text of a labelled case and where its sentences begin, the first one left out."""
    text, labels = case.replace("¦", ""), set()
    seen = 0
    for part in case.split("¦")[:-1]:
        seen += len(part)
        labels.add(seen + len(text[seen:]) - len(text[seen:].lstrip()))
    return text, labels


def score_hard_cases(segment: Segmenter) -> str:
    right = missed = extra = torn = 0
    for case in HARD_CASES:
        text, labels = hard_case(case)
        spans = segment(text)
        found = starts(text, spans)
        right += found == labels
        missed += len(labels - found)
        extra += len(found - labels)
        torn += not is_partition(text, spans)
    return f"{right:5}/{len(HARD_CASES)} {missed:7} {extra:6} {torn:10}"


def score_documents(segment: Segmenter, documents: dict[str, str]) -> str:
    count = torn = characters = 0
    begun = time.perf_counter()
    for text in documents.values():
        spans = segment(text)
        count += len(spans)
        characters += len(text)
        torn += not is_partition(text, spans)
    seconds = time.perf_counter() - begun
    return f"{count:9} {torn:6}/{len(documents)} {characters / seconds / 1e6:16.2f}"


def gold(path: Path, documents: dict[str, str]) -> Iterator[tuple[str, str, int, int]]:
    """Yield (kind, document, start, end) for each answer and each piece of evidence, once."""
    seen = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for turn in row.get("turns", [row]):
            for kind in ("answers", "evidence"):
                for span in turn.get(kind) or []:
                    key = (kind, Path(span["document"]).name, span["start"], span["end"])
                    if key not in seen:
                        seen.add(key)
                        yield key


def score_questions(
    segment: Segmenter, documents: dict[str, str], spans: list[tuple[str, str, int, int]]
) -> str:
    answers = cut = evidence = begins = ends = 0
    found = {name: starts(documents[name], segment(documents[name])) for _, name, _, _ in spans}
    for kind, name, start, end in spans:
        text = documents[name]
        after = end + len(text[end:]) - len(text[end:].lstrip())
        if kind == "answers":
            answers += 1
            cut += any(start < begin < end for begin in found[name])
        else:
            evidence += 1
            begins += start in found[name] or not text[:start].strip()
            ends += after in found[name] or after == len(text)
    return (
        f"{cut:6}/{answers} {begins / max(evidence, 1):16.3f} {ends / max(evidence, 1):14.3f}"
        f" {evidence:9}"
    )


def score_hostile(segment: Segmenter) -> str:
    cells = []
    for make in HOSTILE.values():
        seconds = []
        for size in (20_000, 40_000):
            text = make(size)
            begun = time.perf_counter()
            spans = segment(text)
            seconds.append(time.perf_counter() - begun)
        mark = "" if is_partition(text, spans) else "*"
        cells.append(f"{1e3 * seconds[1]:.1f} (x{seconds[1] / seconds[0]:.1f}){mark}".rjust(20))
    return "".join(cells)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    paths = [path for path in sorted(Path(arguments[0]).rglob("*")) if path.is_file()]
    documents = {}
    for path in paths:
        if path.suffix not in (".txt", ".md"):
            print(f"left out, neither .txt nor .md: {path.name}", file=sys.stderr)
        else:
            documents[path.name] = path.read_bytes().decode("utf-8")
    segmenters: dict[str, Segmenter] = {"scoqa": sentences}
    for name, load in LIBRARIES.items():
        try:
            segmenters[name] = load()
        except ModuleNotFoundError as error:
            print(f"not installed, not compared: {name} ({error.name})", file=sys.stderr)
            continue
        segmenters[f"{name}, our lines"] = within_our_lines(segmenters[name])
        print(f"{name} {importlib.metadata.version(name)}")
    print(f"\n{'hard cases':24}{'right':>8} {'missed':>7} {'extra':>6} {'torn texts':>10}")
    for name, segment in segmenters.items():
        print(f"{name:24}{score_hard_cases(segment)}", flush=True)
    title = f"{len(documents)} documents"
    print(f"\n{title:24}{'sentences':>9} {'torn texts':>10} {'M characters/s':>16}")
    for name, segment in segmenters.items():
        print(f"{name:24}{score_documents(segment, documents)}", flush=True)
    if len(arguments) == 2:
        spans = list(gold(Path(arguments[1]), documents))
        missing = sorted({name for _, name, _, _ in spans} - documents.keys())
        for name in missing:
            print(f"no such document, its gold is not scored: {name}", file=sys.stderr)
        spans = [span for span in spans if span[1] in documents]
        print(f"\n{'questions':24}{'answers cut':>11} {'evidence begins':>16}", end="")
        print(f" {'evidence ends':>14} {'evidence':>9}")
        for name, segment in segmenters.items():
            print(f"{name:24}{score_questions(segment, documents, spans)}", flush=True)
    print("\nms for 40,000 characters (x times that for 20,000); * torn text")
    print(" " * 24 + "".join(name.rjust(20) for name in HOSTILE))
    for name, segment in segmenters.items():
        print(f"{name:24}{score_hostile(segment)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
