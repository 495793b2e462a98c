"""One question, asked and scored: the record that everything else is computed from.

Receives a question with its gold and what was made of it; hands on plain JSON values, rounded as
they are written, so that a report is the same whether its records were kept or read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scoqa.evaluation import measures, ranking
from scoqa.evaluation.error_attribution import blame
from scoqa.serial import to_json
from scoqa.types import Citation, Explanation, Gold, Question

if TYPE_CHECKING:
    from scoqa.store import Entry, View

_BESIDE = 160  # characters of the source kept on each side of a place: two lines of text
_MOST_PLACES = 20  # of one citation or gold list kept in a record


def record(
    view: View,
    question: Question,
    line: int,
    explained: Explanation,
    token_counts: Sequence[int],
) -> dict[str, Any]:
    """Return the record of one question, keys and values as docs/guide/question-sets.md says.

    view: the index that answered. line: of the question in its set. token_counts: of the hits.
    """
    answer, reading = explained.answer, explained.reading
    paths = {hit.passage.document_id: hit.path for hit in explained.hits}
    places = [(hit.path, hit.passage.start, hit.passage.end) for hit in explained.hits]
    read = [(paths[each.document_id], each.start, each.end) for each in explained.windows]
    passages = [hit.passage.id for hit in explained.hits]
    golds = {gold.document for gold in question.answers or question.evidence}
    entries = view.digests()
    judgements = ranking.judged(
        question,
        {path: view.passages_of(entries[path].document_id) for path in sorted(golds)},
    )
    shown = answer.citations or answer.near_misses
    right = bool(shown) and bool(measures.is_right_place(question, shown[0]))
    scored = _measures(question, explained, places, token_counts, judgements, passages, right)
    scored["verbatim"] = all(_is_verbatim(view, each) for each in shown) if shown else None
    kept: dict[str, Any] = to_json(
        {
            "id": question.id,
            "line": line,
            "question": question.question,
            "kind": question.kind,
            "answerable": question.answerable,
            "all_required": question.all_required,
            "answered": answer.answered,
            "reason": answer.reason,
            "confidence": reading.right_probability if shown else 0.0,
            "answerable_probability": 1 - reading.none_probability,
            "right": right,
            "blame": blame(question, judgements, read, shown, answered=answer.answered),
            "rank": ranking.rank_of_gold(question, places),
            "measures": {
                name: None if value is None else float(value) for name, value in scored.items()
            },
            "gold": [_gold(view, entries, each) for each in question.answers[:_MOST_PLACES]],
            "evidence": [_gold(view, entries, each) for each in question.evidence[:_MOST_PLACES]],
            "citations": [_citation(view, each) for each in shown],
            "ranking": passages,
            "judged": judgements,
        }
    )
    return kept


def _measures(
    question: Question,
    explained: Explanation,
    places: Sequence[ranking.GoldPlace],
    token_counts: Sequence[int],
    judgements: Sequence[ranking.Judged],
    passages: Sequence[str],
    right: bool,
) -> dict[str, float | None]:
    """Return the measures of one question by name, None where one does not exist for it."""
    answer, reading = explained.answer, explained.reading
    answerable = question.answerable
    counts = not answerable or bool(question.answers)  # evidence alone: ranking and citation only
    quotes = [each.quote for each in answer.citations]
    shown = answer.citations or answer.near_misses
    rank = ranking.rank_of_gold(question, places)
    items = measures.item_scores(question, quotes)
    cited = measures.citation_scores(question, answer.citations)
    document = measures.is_right_document(question, shown[0]) if shown else None
    confidence = reading.right_probability if shown else 0.0
    found: dict[str, float | None] = {
        f"Success@{k}": float(rank is not None and rank <= k) if answerable else None
        for k in ranking.RANKS
    }
    found |= {
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
    return found


def _is_verbatim(view: View, citation: Citation) -> bool:
    """Return whether the quote is the slice it says; not where its document has changed since."""
    try:
        document = view.document(citation.document_id)
    except KeyError:
        return False
    same_text = document.text_digest == citation.text_digest
    return same_text and document.text[citation.start : citation.end] == citation.quote


def _gold(view: View, entries: Mapping[str, Entry], gold: Gold) -> dict[str, Any]:
    """Return a gold place with its words; `start` is -1 where the document does not hold them."""
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
    return place | _around(document.text, gold.start, gold.end) | _identity(document)


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
        "also_in": [[each.path, each.start, each.end] for each in citation.also_in[:_MOST_PLACES]],
        **_around(text, citation.start, citation.end),
        **_identity(citation),
    }


def _identity(of: Any) -> dict[str, str]:
    """Return what a link to a place in this document needs."""
    document_id = of.document_id if isinstance(of, Citation) else of.id
    return {"document_id": document_id, "text_digest": of.text_digest}


def _around(text: str, start: int, end: int) -> dict[str, str]:
    """Return the words of a place, and the text on both sides of it."""
    return {
        "text": text[start:end],
        "before": text[max(0, start - _BESIDE) : start],
        "after": text[end : end + _BESIDE],
    }
