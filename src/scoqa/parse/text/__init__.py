"""Parsers of text files: plain text, Markdown, reStructuredText, CSV and TSV.

Input: the bytes of a file. Output: `Parsed`; its text is unchanged, except for CSV and TSV.
"""
