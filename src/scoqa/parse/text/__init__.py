"""Parsers of text files: plain text, Markdown, reStructuredText, CSV and TSV.

Input: the bytes of a file. Output: `Parsed`, its text unchanged but for CSV and TSV.
"""
