"""What the parsers of several formats share.

Input: pieces of text, tables, XML or bytes. Output: the canonical text with its marks, or parts
of it. Imports no format.
"""
