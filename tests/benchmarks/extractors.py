"""Known sentences recovered by scoqa and by other extractors, side by side.

    python tests/benchmarks/extractors.py FOLDER make
    python tests/benchmarks/extractors.py FOLDER NAME [NAME]...

The first writes fixtures into FOLDER: those of support/works.py and support/pdfs.py, and the same
works as LibreOffice and Chromium save and print them, where they are installed; beside each file
NAME a file NAME.known with its sentences in their order. The second reads them with each extractor
NAME (scoqa, markitdown, docling, unstructured), as installed where it runs, and prints by kind of
file the share of sentences that stand in its text verbatim, and the share of neighbours that do in
their order.

Folded white space counts as verbatim, and Markdown's escapes are taken out: both only help others.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path


def fixtures() -> Iterator[tuple[str, bytes, list[str]]]:
    """Yield (name, bytes, sentences in order) of what the tests' scripts make."""
    import pdfs
    from works import FORMATS, WORKS

    for suffix, written in FORMATS.items():
        for work in WORKS:
            if (data := written.write(work)) is not None:
                yield f"{work.name}{suffix}", data, known(work)
    for name, make, sentences in (
        ("one-column.pdf", pdfs.one_column, pdfs.HARBOUR),
        ("columns.pdf", lambda: pdfs.two_columns(interleaved=False), pdfs.HARBOUR + pdfs.ORCHARD),
        (
            "interleaved.pdf",
            lambda: pdfs.two_columns(interleaved=True),
            pdfs.HARBOUR + pdfs.ORCHARD,
        ),
        *((f"turned-{q}.pdf", lambda q=q: pdfs.turned(q), pdfs.HARBOUR) for q in (90, 180, 270)),
    ):
        yield name, make(), list(sentences)


def known(work: object) -> list[str]:
    return [text for _, texts in work.sections for text in texts]  # type: ignore[attr-defined]


def saved_by_others(folder: Path) -> None:
    """Have LibreOffice and Chromium save the works' files in their own formats."""
    from works import WORKS

    for work in WORKS:
        page = folder / f"{work.name}.html"
        if shutil.which("soffice"):
            writer = ["--infilter=HTML (StarWriter)"]
            saved = folder / f"{work.name}-libreoffice.odt"
            convert(
                page, f"{work.name}-libreoffice.docx", known(work), writer, ":Office Open XML Text"
            )
            convert(page, saved.name, known(work), writer)
            convert(saved, f"{work.name}-libreoffice.pdf", known(work))
            for origin, suffix in (("pptx", "odp"), ("xlsx", "ods")):
                source = folder / f"{work.name}.{origin}"
                convert(source, f"{work.name}-libreoffice.{suffix}", known(work))
        if shutil.which("chromium"):
            with tempfile.TemporaryDirectory() as out:
                told = [
                    "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                    f"--user-data-dir={out}/profile", f"--print-to-pdf={out}/printed.pdf",
                    str(page),
                ]  # fmt: skip
                subprocess.run(told, check=True, capture_output=True)
                printed = (Path(out) / "printed.pdf").read_bytes()
                keep(folder, f"{work.name}-chromium.pdf", printed, known(work))


def convert(
    source: Path, name: str, sentences: Sequence[str], how: Sequence[str] = (), kind: str = ""
) -> None:
    """Have LibreOffice save `source` as `name` beside it; `kind` is how its filter goes on."""
    suffix = name.rpartition(".")[2]
    with tempfile.TemporaryDirectory() as out:
        told = ["soffice", "--headless", *how, "--convert-to", suffix + kind, "--outdir", out]
        subprocess.run([*told, str(source)], check=True, capture_output=True)
        keep(source.parent, name, next(Path(out).iterdir()).read_bytes(), sentences)


def keep(folder: Path, name: str, data: bytes, sentences: Sequence[str]) -> None:
    (folder / name).write_bytes(data)
    (folder / f"{name}.known").write_text("\n".join(sentences), encoding="utf-8")


def by_scoqa(file: Path) -> str:
    from scoqa.parse import parse_file

    return parse_file(file, file.name).document.text


def by_markitdown(file: Path) -> str:
    from markitdown import MarkItDown

    return re.sub(r"\\([^\w\s])", r"\1", MarkItDown().convert(str(file)).text_content)


def by_unstructured(file: Path) -> str:
    if file.suffix == ".pdf":
        from unstructured.partition.pdf import partition_pdf

        elements = partition_pdf(str(file), strategy="fast")
    else:
        from unstructured.partition.auto import partition

        elements = partition(str(file))
    return "\n\n".join(each.text for each in elements)


def by_docling(file: Path) -> str:
    from docling.document_converter import DocumentConverter

    text = DocumentConverter().convert(file).document.export_to_text()
    return re.sub(r"\\([^\w\s])", r"\1", text)


EXTRACTORS: dict[str, Callable[[Path], str]] = {
    "scoqa": by_scoqa,
    "markitdown": by_markitdown,
    "unstructured": by_unstructured,
    "docling": by_docling,
}


def measure(text: str, sentences: Sequence[str]) -> tuple[int, int]:
    """Return how many sentences stand in `text`, and how many follow the one before them."""
    folded = " ".join(text.split())
    places = [folded.find(" ".join(each.split())) for each in sentences]
    follow = sum(0 <= a < b for a, b in pairwise(places))
    return sum(place >= 0 for place in places), follow


def main(folder: Path, names: Sequence[str]) -> None:
    if list(names) == ["make"]:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data, sentences in fixtures():
            keep(folder, name, data, sentences)
        saved_by_others(folder)
        return
    for name in names:
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for known_file in sorted(folder.glob("*.known")):
            file = known_file.with_suffix("")
            sentences = known_file.read_text(encoding="utf-8").split("\n")
            try:
                held, ordered = measure(EXTRACTORS[name](file), sentences)
            except Exception as error:  # one that cannot read a file recovers nothing of it
                print(f"{name} {file.name}: {type(error).__name__}: {str(error)[:80]!r}")
                held = ordered = 0
            if held < len(sentences):
                print(f"{name} {file.name}: {held} of {len(sentences)} sentences")
            for kind in (file.suffix, "all"):
                for at, more in enumerate((held, len(sentences), ordered, len(sentences) - 1)):
                    counts[kind][at] += more
        for kind, (held, of, ordered, pairs) in sorted(counts.items()):
            print(f"{name:14}{kind:8}{held / of:8.3f} of {of:4}  in order {ordered / pairs:.3f}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
    main(Path(sys.argv[1]), sys.argv[2:])
