"""Fifty people at once: is every answer the right one, and how long does each wait?

Receives a workspace with an index and a question set: crowd.py FOLDER SET.jsonl [SECONDS]
Hands on the waits of one person alone and of fifty together, in one run, and how many answers
differed from what the same question gets without a crowd. Four of the fifty sit at the page, in a
Chromium; the others ask over the API. Ends with 1 if an answer was wrong or missing.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from scoqa import Workspace
from scoqa.serial import to_json

PEOPLE = 50
AT_THE_PAGE = 4
ALONE_SECONDS = 15
MOST_QUESTIONS = 60  # asked beforehand, to know their answers
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def ask(url: str, question: str) -> dict[str, Any]:
    """Return the Answer that the API gives, without its timings."""
    request = urllib.request.Request(
        f"{url}/gradio_api/call/ask",
        data=json.dumps({"data": [question, None]}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as reply:
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/ask/{event}", timeout=120) as reply:
        lines = reply.read().decode().strip().splitlines()
    answer: dict[str, Any] = json.loads(lines[-1].removeprefix("data: "))[0]
    return {name: value for name, value in answer.items() if name != "timings"}


class Tally:
    """What was waited, and what went wrong."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.trouble: list[str] = []

    def count(
        self, question: str, asked: Callable[[], bool], *, begun: float | None = None
    ) -> None:
        """Time one ask; `asked` returns whether its answer was the right one."""
        begun = time.perf_counter() if begun is None else begun
        try:
            if not asked():
                self.trouble.append(f"another answer than its own: {question}")
        except Exception as error:  # any of them is one wrong answer; the run goes on
            self.trouble.append(f"{question}: {error!r}")
        self.waits.append(time.perf_counter() - begun)


def over_the_api(
    url: str, answers: dict[str, Any], seconds: float, tally: Tally, seed: int
) -> None:
    """Ask one question after the other until the time is over."""
    order, end = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < end:
        question = order.choice(sorted(answers))
        tally.count(question, partial(_told, url, question, answers[question]))


def _told(url: str, question: str, answer: dict[str, Any]) -> bool:
    return ask(url, question) == answer


def at_the_page(url: str, answers: dict[str, Any], seconds: float, tally: Tally) -> None:
    """Sit at AT_THE_PAGE pages at once: ask in each, then see that each shows its own answer."""
    path = next(filter(None, map(shutil.which, BROWSERS)))
    order, end = random.Random(0), time.monotonic() + seconds
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        pages = [browser.new_context().new_page() for _ in range(AT_THE_PAGE)]
        for page in pages:
            page.goto(url)
            page.wait_for_selector("#scoqa-box textarea")
        number = 0
        while time.monotonic() < end:
            number += 1
            sent = []
            for page in pages:
                question = order.choice(sorted(answers))
                page.fill("#scoqa-box textarea", question)
                page.press("#scoqa-box textarea", "Enter")
                sent.append((page, question, time.perf_counter()))
            for page, question, begun in sent:
                seen = partial(_seen, page, question, answers[question], number)
                tally.count(question, seen, begun=begun)
        browser.close()


def _seen(page: Any, question: str, answer: dict[str, Any], number: int) -> bool:
    page.wait_for_function(
        "n => document.querySelectorAll('#scoqa-talk .bot-row :is(.scoqa-answer,"
        " .scoqa-silence)').length === n",
        arg=number,
        timeout=120_000,
    )
    asked = page.locator(".scoqa-question").last.text_content()
    last = page.locator("#scoqa-talk .bot-row").last
    shown = last.locator(".scoqa-words").all_text_contents()
    wanted = answer["citations"] or answer["near_misses"]
    return bool(asked == question and set(shown) == {each["sentence"] for each in wanted})


def report(name: str, tally: Tally) -> float:
    """Print the waits; return their median."""
    waits = sorted(tally.waits)
    median = statistics.median(waits)
    late = waits[min(len(waits) - 1, int(0.95 * len(waits)))]
    print(
        f"{name}: {len(waits)} answers, median {median:.3f} s, 95th percentile {late:.3f} s,"
        f" wrong or missing: {len(tally.trouble)}"
    )
    for line in tally.trouble[:10]:
        print(f"  {line}")
    return median


def main(folder: str, question_set: str, seconds: str = "60") -> int:
    """Run it and return the exit code."""
    rows = [json.loads(line) for line in Path(question_set).read_text("utf-8").splitlines() if line]
    workspace = Workspace(folder)
    answers = {}
    for row in rows[:MOST_QUESTIONS]:
        record = to_json(workspace.ask(row["question"]))
        answers[row["question"]] = {k: v for k, v in record.items() if k != "timings"}
    del workspace
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "scoqa", "chat", folder, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        try:
            url = next(line for line in process.stdout if "ready: " in line).split("ready: ")[1]
            url = url.strip()
            ask(url, next(iter(answers)))  # the model is there
            alone, crowd = Tally(), Tally()
            over_the_api(url, answers, ALONE_SECONDS, alone, 0)
            people = [
                threading.Thread(target=over_the_api, args=(url, answers, float(seconds), crowd, n))
                for n in range(PEOPLE - AT_THE_PAGE)
            ]
            people.append(
                threading.Thread(target=at_the_page, args=(url, answers, float(seconds), crowd))
            )
            for person in people:
                person.start()
            for person in people:
                person.join()
        finally:
            process.terminate()
    one, many = report("one person", alone), report(f"{PEOPLE} people", crowd)
    print(f"ratio of the medians: {many / one:.1f}")
    return int(bool(alone.trouble or crowd.trouble or not crowd.waits))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
