"""Parsers of text files: plain text, Markdown, tables, JSON, captions, Rich Text and others.

Input: the bytes of a file. Output: `Parsed`; the text of files with lines of prose is unchanged.
"""
