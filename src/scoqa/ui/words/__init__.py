"""Answers in words, for the page, for files and for the clipboard.

Input: an Answer or a Citation. Output: text, plain or Markdown.
"""
