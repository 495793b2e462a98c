"""Parse PDF files and render their pages.

Input: the bytes of a file. Output: `Parsed`, the text in reading order with a box for each
character; or an image of one page.
"""
