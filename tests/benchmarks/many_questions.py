"""Ten thousand questions: memory as a run grows, and whether a killed one ends with the same bytes.

usage: python tests/benchmarks/many_questions.py FOLDER [QUESTIONS]

FOLDER is made: generated documents and a generated set, an embedder without a model. Prints the
resident memory at each tenth, then kills a second run in the middle, goes on with it, and compares
the two reports byte by byte.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import QuickEmbedder, quick_workspace
from scoqa.evaluation import Evaluation
from scoqa.evaluation.report.exports import write_json
from scoqa.evaluation.report.report_page import write_html

WORDS = "harbour bridge market school mill tower garden station keeper river winter summer".split()


class Forgetful(list):  # type: ignore[type-arg]
    """What the tests' embedder counts its work in; here it would be the memory that grows."""

    def extend(self, _: object) -> None:
        return None


def generate(folder: Path, questions: int) -> Path:
    """Write 200 documents and a set of so many questions about them; return the set."""
    luck = random.Random(0)
    docs = folder / "docs"
    docs.mkdir(parents=True)
    texts = []
    for number in range(200):
        sentences = [
            f"The {luck.choice(WORDS)} of the {luck.choice(WORDS)} was opened in {year}."
            for year in luck.sample(range(1000, 2000), 40)
        ]
        texts.append("\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, 40, 5)))
        (docs / f"{number:03}.txt").write_text(texts[-1], encoding="utf-8")
    file = folder / "set.jsonl"
    with file.open("w", encoding="utf-8") as rows:
        for number in range(questions):
            document = luck.randrange(200)
            text = texts[document]
            at = text.index("opened in ", luck.randrange(len(text) - 200)) + len("opened in ")
            begin = text.rindex("The ", 0, at)
            gold = {"document": f"{document:03}.txt", "start": at, "end": at + 4}
            row = {
                "id": f"q{number}",
                "question": f"When was {text[begin : at - 14]} opened? ({number})",
                "answers": [{**gold, "text": text[at : at + 4]}] if number % 5 else [],
                "evidence": [{**gold, "start": begin}] if number % 5 else [],
                "answerable": bool(number % 5),
                "kind": luck.choice(["when", "what", "who"]),
            }
            rows.write(json.dumps(row) + "\n")
    return file


def resident() -> float:
    """Return this process's resident memory in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(folder: Path, out: Path) -> None:
    workspace = quick_workspace(folder)
    embedder = workspace.models.embedder
    assert isinstance(embedder, QuickEmbedder)
    embedder.embedded = Forgetful()
    workspace.sync()
    ready = Evaluation(workspace, folder / "set.jsonl")

    def progress(done: int, total: int) -> None:
        if done % (total // 10) == 0:
            print(f"{done:6} questions: {resident():6.0f} MiB", flush=True)

    report = ready.run(progress=progress)
    with out.open("w", encoding="utf-8") as file:
        write_json(file, report, incidental=False)
    with out.with_suffix(".html").open("w", encoding="utf-8") as file:
        write_html(file, report, incidental=False)
    print(f"report written: {resident():6.0f} MiB", flush=True)


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[-1] == "--run":
        run(folder, Path(sys.argv[2]))
        return
    generate(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
    command = [sys.executable, __file__, str(folder)]
    subprocess.run([*command, str(folder / "whole.json"), "--run"], check=True)
    print("the same again, killed at the half, then gone on with")
    broken = [*command, str(folder / "broken.json"), "--run"]
    with subprocess.Popen(broken, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for tenth, _ in enumerate(process.stdout):
            if tenth == 5:
                process.send_signal(signal.SIGKILL)
    subprocess.run(broken, check=True)
    for suffix in (".json", ".html"):
        whole, again = (folder / f"{name}{suffix}" for name in ("whole", "broken"))
        same = whole.read_bytes() == again.read_bytes()
        print(f"{suffix} of {whole.stat().st_size:,} bytes: {'the same' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
