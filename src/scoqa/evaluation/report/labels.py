"""The labels and explanations of measures and verdicts on the report page.

The keys are the names of measures and groups defined in `summary`.
"""

from __future__ import annotations

from scoqa.evaluation.ranking import EVIDENCE_TOKENS

# HEADLINE: the most important measure of each group. MAIN: the measures shown per question kind.
HEADLINE = {
    "ranking": "Success@5",
    "answer": "F1",
    "citation": "right place",
    "silence": "silence accuracy",
}
MAIN = ("Success@5", "nDCG@10", "F1", "right place", "silence accuracy", "calibration error")
GROUP = {
    "ranking": "Is the answer among the retrieved passages?",
    "answer": "Does the answer have the right words?",
    "citation": "Does the citation point to the right place?",
    "silence": "Does it answer when it should, and only then?",
}
MEASURE = {
    "Success@1": "the first retrieved passage contains the answer",
    "Success@5": "one of the first 5 passages contains the answer",
    "Success@10": "one of the first 10 passages contains the answer",
    "RR": "1 divided by the rank of the first passage with the answer",
    "nDCG@10": "how high the passages with the answer rank among the first 10",
    "evidence share": f"share of the evidence in the first {EVIDENCE_TOKENS} tokens",
    "EM": "the answer equals the gold, word for word",
    "F1": "overlap of words between the answer and the gold",
    "item precision": "share of the shown items that were wanted",
    "item recall": "share of the wanted items that were shown",
    "item F1": "item precision and item recall combined",
    "citation precision": "share of the cited characters that are gold",
    "citation recall": "share of the gold characters that are cited",
    "right document": "the first citation is in a document with the answer",
    "right place": "the first citation overlaps the answer",
    "verbatim": "every quote equals the text at its place",
    "silence accuracy": "answers exactly the questions that can be answered",
    "false silences": "silent although the documents contain the answer",
    "false answers": "an answer shown although the documents contain none",
    "AUROC": "how often an answerable question scores above an unanswerable one",
    "AURC": "share of wrong places among the most confident, averaged over all shares",
    "Brier": "squared difference between confidence and outcome",
    "calibration error": "difference between confidence and the share that is right",
}
VERDICT = {"better": "better", "worse": "worse", "noise": "may be chance"}
