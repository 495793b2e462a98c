"""What the report says of measures, blames and reasons, in words.

Hands on sentences. Names stand in summary and blame; here is what a person makes of them.
"""

from __future__ import annotations

from scoqa.evaluation.ranking import EVIDENCE_TOKENS

# One measure of each group, to look at first; and those that the groups of questions are shown by.
HEADLINE = {
    "ranking": "Success@5",
    "answer": "F1",
    "citation": "right place",
    "silence": "silence accuracy",
}
MAIN = ("Success@5", "nDCG@10", "F1", "right place", "silence accuracy", "calibration error")
GROUP = {
    "ranking": "Is the answer among the passages found?",
    "answer": "Are these the words that were wanted?",
    "citation": "Does it point at the right place?",
    "silence": "Does it answer when it should, and only then?",
}
MEASURE = {
    "Success@1": "the first passage found holds the answer",
    "Success@5": "one of the first 5 passages holds the answer",
    "Success@10": "one of the first 10 passages holds the answer",
    "RR": "1 divided by the rank of the first passage that holds it",
    "nDCG@10": "how near the top of 10 the passages with the answer stand",
    "evidence share": f"of the evidence, what the first {EVIDENCE_TOKENS} tokens hold",
    "EM": "the answer is the gold, word for word",
    "F1": "words that the answer shares with the gold",
    "item precision": "of the items shown, those that were wanted",
    "item recall": "of the items wanted, those that were shown",
    "item F1": "item precision and item recall in one",
    "citation precision": "of the characters cited, those that are gold",
    "citation recall": "of the characters of the gold, those cited",
    "right document": "the first citation is in a document with the answer",
    "right place": "the first citation touches the answer",
    "verbatim": "every quote is what stands at its place",
    "silence accuracy": "answers what can be answered, and nothing else",
    "false silences": "silent, although the documents answer",
    "false answers": "something shown, although they do not answer",
    "AUROC": "an answerable question scores above one that is not",
    "AURC": "wrong places among the surest, over all shares of questions",
    "Brier": "confidence against what came true, squared",
    "calibration error": "confidence against the share that is right",
}
VERDICT = {"better": "better", "worse": "worse", "noise": "may be chance"}
