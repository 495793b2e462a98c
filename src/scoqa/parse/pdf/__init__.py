"""The parser of PDF files, and the renderer of their pages.

Input: the bytes of a file. Output: `Parsed`, the text in reading order with a box for each
character; or a picture of one page.
"""
