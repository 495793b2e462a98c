"""Parsers of formats made of HTML: web pages, EPUB books, e-mails.

Input: the bytes of a file. Output: `Parsed`, the visible text as a browser shows it.
"""
