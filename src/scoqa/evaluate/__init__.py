"""Question sets -> measures, computed: no model judges, the same input gives the same numbers.

Receives a workspace and a set of questions with gold places; hands on a Report with one row a
question. Sets are read in `sets`, rows are scored in `measures`; this room asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoqa.evaluate import measures
from scoqa.evaluate.sets import check_places, numbered_questions, resolve
from scoqa.types import Citation, Explanation, Question, Report

if TYPE_CHECKING:
    from scoqa.store import View
    from scoqa.workspace import Workspace

Progress = Callable[[int, int], None]  # questions done, questions in all


def evaluate(
    workspace: Workspace,
    questions: str | Path | Sequence[Question],
    *,
    progress: Progress | None = None,
) -> Report:
    """Return the measures of `workspace` on `questions`, a JSONL file or rows already read.

    Raises QuestionSetError for a row that cannot be used, and whatever `ask` raises.
    """
    name = str(questions) if isinstance(questions, (str, Path)) else "rows"
    numbered = (
        numbered_questions(Path(questions))
        if isinstance(questions, (str, Path))
        else list(enumerate(questions, start=1))
    )
    scored: list[Mapping[str, Any]] = []
    seconds: list[float] = []
    # One view for gold and quotes: the texts stay those the set was checked against, also when
    # the folder is indexed meanwhile.
    with workspace.store.view() as view:
        entries = view.digests()
        rows = [resolve(row, sorted(entries), name, number) for number, row in numbered]
        golds = {gold.document for row in rows for gold in (*row.answers, *row.evidence)}
        texts = {path: view.document(entries[path].document_id).text for path in golds}
        for row, (number, _) in zip(rows, numbered, strict=True):
            check_places(row, texts, name, number)
        fingerprint = workspace.fingerprint()
        for row in rows:
            explained = workspace.explain(row.question)
            scored.append(_score(workspace, view, row, explained))
            seconds.append(sum(explained.answer.timings.values()))
            if progress is not None:
                progress(len(scored), len(rows))
    return Report(
        measures=measures.summarise(scored),
        rows=tuple(scored),
        fingerprint=fingerprint,
        incidental={"set": name, "seconds": seconds},
    )


def _score(
    workspace: Workspace, view: View, row: Question, explained: Explanation
) -> dict[str, Any]:
    """Return the record of one question: what was asked, found, said, and how right it was."""
    answer = explained.answer
    places = [(hit.path, hit.passage.start, hit.passage.end) for hit in explained.hits]
    passages = [hit.passage.text for hit in explained.hits]
    counts = workspace.assistant.embedder.count_tokens(passages)
    shown = answer.citations or answer.near_misses
    quotes = [each.quote for each in answer.citations]
    return {
        "id": row.id,
        "question": row.question,
        "kind": row.kind,
        "answerable": row.answerable,
        "answered": answer.answered,
        "reason": answer.reason,
        "confidence": answer.confidence,
        "gold": [gold.text for gold in row.answers],
        "gold_documents": sorted({gold.document for gold in (*row.answers, *row.evidence)}),
        "quotes": quotes,
        "places": [[each.path, each.start, each.end] for each in shown],
        "rank": measures.rank_of_gold(row, places),
        "evidence_share": measures.evidence_share(row, places, counts),
        "right_place": measures.is_right_place(row, shown[0]) if shown else None,
        "exact_match": measures.exact_match(row, quotes),
        "f1": measures.f1(row, quotes),
        "verbatim": all(_is_verbatim(view, each) for each in shown),
    }


def _is_verbatim(view: View, citation: Citation) -> bool:
    """Return whether the quote is the slice it says; not where its document has changed since."""
    try:
        document = view.document(citation.document_id)
    except KeyError:
        return False
    same_text = document.text_digest == citation.text_digest
    return same_text and document.text[citation.start : citation.end] == citation.quote
