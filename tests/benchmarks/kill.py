"""Kill `scoqa index` at random moments and see what is lost, torn or done twice.

    python tests/benchmarks/kill.py DOCS [--kills 10] [--seed 1]

DOCS is a folder of documents; the index is built in a temporary folder. After each SIGKILL the
index is opened and checked; at the end it is compared with a fresh build. Ends with 1 when
anything was torn, embedded twice after it had been kept, or differs.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scoqa.store import open_store

# Runs the real sync, and writes the key of every text that is embedded to a log, at once.
CHILD = """
import sys
from scoqa.embed import SentenceTransformerEmbedder
from scoqa.workspace import Workspace
real, log = SentenceTransformerEmbedder.embed, open(sys.argv[3], "a")
def embed(self, texts, **options):
    vectors = real(self, texts, **options)
    log.write("".join(self.key(text) + chr(10) for text in texts)); log.flush()
    return vectors
SentenceTransformerEmbedder.embed = embed
print(Workspace(sys.argv[1], index=sys.argv[2]).sync().embedded, flush=True)
"""


def child(docs: Path, index: Path, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(docs), str(index), str(log)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def kept_keys(index: Path) -> set[str]:
    catalog = index / "catalog.sqlite"
    if not catalog.is_file():
        return set()
    connection = sqlite3.connect(catalog)
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return set()
        return {row[0] for row in connection.execute("SELECT key FROM vectors")}
    finally:
        connection.close()


def contents(index: Path) -> tuple[list[tuple[object, ...]], dict[str, bytes]]:
    connection = sqlite3.connect(index / "catalog.sqlite")
    rows = connection.execute(
        'SELECT path, passages."start", passages."end", heading, key FROM passages '
        "JOIN documents ON documents.id = document JOIN vectors ON vectors.id = passages.vector "
        'ORDER BY path, passages."start"'
    ).fetchall()
    vectors = dict(connection.execute("SELECT key, vector FROM vectors").fetchall())
    connection.close()
    return rows, vectors


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("docs", type=Path)
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    moment = random.Random(given.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        fresh, killed = Path(folder, "fresh"), Path(folder, "killed")
        child(given.docs, fresh, Path(folder, "fresh.log")).wait()
        logged = Path(folder, "fresh.log").read_text().split()
        print(f"fresh build: {len(logged)} texts embedded")
        log = Path(folder, "killed.log")
        log.touch()
        again = 0
        # Each run goes on where the last one was killed. The moments are counted in texts, so
        # that they fall inside the work however busy the machine is, and then anywhere in the
        # two seconds or so that one group of texts takes.
        targets = sorted(moment.sample(range(1, len(logged)), given.kills))
        for number, target in enumerate(targets, start=1):
            kept, done = kept_keys(killed), len(log.read_text().split())
            process = child(given.docs, killed, log)
            while process.poll() is None and len(log.read_text().split()) < target:
                time.sleep(0.05)
            time.sleep(moment.uniform(0.0, 2.0))
            if process.poll() is not None:
                print(f"kill {number} came too late: the build had ended")
            process.kill()
            process.wait()
            new = log.read_text().split()[done:]
            again += len(kept & set(new))
            store = open_store(killed)
            problems = [p for p in store.problems() if "cache" not in p] if store.exists() else []
            wrong += len(problems)
            documents = 0
            if store.exists() and not problems:
                with store.view() as view:
                    documents = view.counts().documents
            print(
                f"kill {number}: {len(new)} texts embedded, {len(kept_keys(killed))} vectors kept, "
                f"{documents} documents whole, problems: {problems or 'none'}"
            )
        kept, done = kept_keys(killed), len(log.read_text().split())
        process = child(given.docs, killed, log)
        process.wait()
        again += len(kept & set(log.read_text().split()[done:]))
        every = log.read_text().split()
        (rows, vectors), (fresh_rows, fresh_vectors) = contents(killed), contents(fresh)
        same = rows == fresh_rows and vectors.keys() == fresh_vectors.keys()
        twice = len(every) - len(set(every))
        print(
            f"embedded in all: {len(every)}; distinct: {len(set(every))}; in flight when killed "
            f"and done over: {twice}; kept and embedded again: {again}"
        )
        print(f"same passages and vectors as the fresh build: {same}")
        wrong += again + (not same) + len(open_store(killed).problems())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
