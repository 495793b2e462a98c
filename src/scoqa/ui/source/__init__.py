"""The source viewer: a document as text or as pages, with the cited characters marked.

Input: a document and a place in it. Output: JSON and images for the viewer.
"""
