"""The wording of a silence, the same in the terminal, the chat, its exports and the report.

Input: the `reason` of an Answer. Output: the sentence that explains it.
"""

from __future__ import annotations

from scoqa.types import Reason

SILENCE = "Your documents do not answer this"  # a title, without a full stop
NEAR_MISSES = "Nearest passages, which do not answer it"  # the title above them
REASONS: dict[Reason, str] = {
    "empty_index": "There are no documents in the index.",
    "no_evidence": "No passage mentions what the question asks about.",
    "low_confidence": "Some passages come close, but none answers the question clearly enough.",
    "phrase_not_found": "No passage contains the quoted phrase.",
    "language_not_supported": (
        "scoqa reads only English: it searched for the words of the question, but cannot judge "
        "whether a passage answers it."
    ),
}


def explain_reason(reason: Reason) -> str:
    """Return the sentence for `reason`; a reason of another version is returned unchanged."""
    return REASONS.get(reason, reason)
