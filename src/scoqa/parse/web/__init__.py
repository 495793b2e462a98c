"""Parsers of formats based on HTML: web pages, EPUB books and e-mails.

Input: the bytes of a file. Output: `Parsed`, the visible text as a browser displays it.
"""
