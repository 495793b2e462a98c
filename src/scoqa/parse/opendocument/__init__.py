"""Parsers of OpenDocument texts, spreadsheets and presentations.

Input: the bytes of a file. Output: `Parsed`, the text as the program shows it.
"""
