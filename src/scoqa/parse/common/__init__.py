"""Code shared by the parsers of several formats.

Input: pieces of text, tables, XML or bytes. Output: the canonical text with its marks, or parts
of it. Does not import any format.
"""
