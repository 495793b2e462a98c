"""Parsers of Word, Excel and PowerPoint files (Office Open XML).

Input: the bytes of a file. Output: `Parsed`, the text as the program displays it.
"""
