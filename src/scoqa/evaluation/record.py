"""Build the record of one question, from which all measures and reports are computed.

Input: a question with its gold, and the explained answer. Output: plain JSON values, already
rounded, so that a report is the same whether its records come from memory or from disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scoqa.evaluation import measures, ranking
from scoqa.evaluation.error_attribution import attribute_error
from scoqa.serial import to_json
from scoqa.types import Citation, Document, Explanation, Gold, Question

if TYPE_CHECKING:
    from scoqa.store import Entry, View

_CONTEXT = 160  # characters of source text stored on each side of a place: two lines of text
_MOST_PLACES = 20  # at most this many places per citation or gold list are stored in a record


def build_record(
    view: View,
    question: Question,
    line: int,
    explained: Explanation,
    token_counts: Sequence[int],
) -> dict[str, Any]:
    """Return the record of one question; docs/guide/question-sets.md describes its fields.

    Parameters
    ----------
    view
        The index that answered.
    line
        The line of the question in its set.
    token_counts
        The number of tokens of each hit.
    """
    answer, reading = explained.answer, explained.reading
    paths = {hit.passage.document_id: hit.path for hit in explained.hits}
    places = [(hit.path, hit.passage.start, hit.passage.end) for hit in explained.hits]
    windows = [
        (paths[window.document_id], window.start, window.end) for window in explained.windows
    ]
    passages = [hit.passage.id for hit in explained.hits]
    gold_paths = {gold.document for gold in question.answers or question.evidence}
    entries = view.digests()
    judgements = ranking.judge_passages(
        question,
        {path: view.passages_of(entries[path].document_id) for path in sorted(gold_paths)},
    )
    citations = answer.citations or answer.near_misses
    right = bool(citations) and bool(measures.is_right_place(question, citations[0]))
    scores = _measure(question, explained, places, token_counts, judgements, passages, right)
    verbatim = all(_is_verbatim(view, citation) for citation in citations) if citations else None
    scores["verbatim"] = verbatim
    blame = attribute_error(question, judgements, windows, citations, answered=answer.answered)
    record: dict[str, Any] = to_json(
        {
            "id": question.id,
            "line": line,
            "question": question.question,
            "kind": question.kind,
            "answerable": question.answerable,
            "all_required": question.all_required,
            "answered": answer.answered,
            "reason": answer.reason,
            "confidence": reading.right_probability if citations else 0.0,
            "answerable_probability": 1 - reading.none_probability,
            "right": right,
            "blame": blame,
            "rank": ranking.rank_of_gold(question, places),
            "measures": {
                name: None if value is None else float(value) for name, value in scores.items()
            },
            "gold": [_gold(view, entries, gold) for gold in question.answers[:_MOST_PLACES]],
            "evidence": [_gold(view, entries, gold) for gold in question.evidence[:_MOST_PLACES]],
            "citations": [_citation(view, citation) for citation in citations],
            "ranking": passages,
            "judged": judgements,
        }
    )
    return record


def _measure(
    question: Question,
    explained: Explanation,
    places: Sequence[ranking.GoldPlace],
    token_counts: Sequence[int],
    judgements: Sequence[ranking.Judged],
    passages: Sequence[str],
    right: bool,
) -> dict[str, float | None]:
    """Return the measures of one question by name; None if a measure is undefined for it."""
    answer, reading = explained.answer, explained.reading
    answerable = question.answerable
    # A question with evidence and no answers counts for ranking and citation only.
    counts = not answerable or bool(question.answers)
    quotes = [citation.quote for citation in answer.citations]
    citations = answer.citations or answer.near_misses
    rank = ranking.rank_of_gold(question, places)
    items = measures.item_scores(question, quotes)
    cited = measures.citation_scores(question, answer.citations)
    document = measures.is_right_document(question, citations[0]) if citations else None
    confidence = reading.right_probability if citations else 0.0
    values: dict[str, float | None] = {
        f"Success@{k}": float(rank is not None and rank <= k) if answerable else None
        for k in ranking.RANKS
    }
    values |= {
        "RR": ranking.reciprocal_rank(judgements, passages) if answerable else None,
        f"nDCG@{ranking.NDCG_AT}": ranking.ndcg(judgements, passages) if answerable else None,
        "evidence share": ranking.evidence_share(question, places, token_counts),
        "EM": measures.exact_match(question, quotes),
        "F1": measures.f1(question, quotes),
        "item precision": items.precision,
        "item recall": items.recall,
        "item F1": None if items.recall is None else measures.f1(question, quotes),
        "citation precision": cited.precision,
        "citation recall": cited.recall,
        "right document": float(bool(document)) if answerable else None,
        "right place": float(right) if answerable else None,
        "silence accuracy": float(answer.answered == answerable) if counts else None,
        "false silences": float(not answer.answered) if answerable and counts else None,
        "false answers": None if answerable else float(answer.answered),
        "Brier": (confidence - right) ** 2 if counts else None,
    }
    return values


def _is_verbatim(view: View, citation: Citation) -> bool:
    """Return whether the quote equals its slice; False if its document has changed since."""
    try:
        document = view.document(citation.document_id)
    except KeyError:
        return False
    same_text = document.text_digest == citation.text_digest
    return same_text and document.text[citation.start : citation.end] == citation.quote


def _gold(view: View, entries: Mapping[str, Entry], gold: Gold) -> dict[str, Any]:
    """Return a gold place with its text; `start` is -1 if its document does not contain it."""
    place: dict[str, Any] = {
        "document": gold.document,
        "start": gold.start,
        "end": gold.end,
        "item": gold.item,
        "text": gold.text,
    }
    if gold.start < 0:
        return place
    document = view.document(entries[gold.document].document_id)
    return place | _with_context(document.text, gold.start, gold.end) | _identity(document)


def _citation(view: View, citation: Citation) -> dict[str, Any]:
    try:
        text = view.document(citation.document_id).text
    except KeyError:
        text = citation.quote
    return {
        "document": citation.path,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "line": citation.line,
        "also_in": [
            [place.path, place.start, place.end] for place in citation.also_in[:_MOST_PLACES]
        ],
        **_with_context(text, citation.start, citation.end),
        **_identity(citation),
    }


def _identity(source: Citation | Document) -> dict[str, str]:
    """Return the ids that a link to a place in this document needs."""
    document_id = source.document_id if isinstance(source, Citation) else source.id
    return {"document_id": document_id, "text_digest": source.text_digest}


def _with_context(text: str, start: int, end: int) -> dict[str, str]:
    """Return the text of a place, and the text before and after it."""
    return {
        "text": text[start:end],
        "before": text[max(0, start - _CONTEXT) : start],
        "after": text[end : end + _CONTEXT],
    }
