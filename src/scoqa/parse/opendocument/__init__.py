"""Parsers of OpenDocument texts, spreadsheets and presentations.

Input: the bytes of a file. Output: `Parsed`, the text as an office program displays it.
"""
