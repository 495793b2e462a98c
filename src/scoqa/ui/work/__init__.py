"""Background work of the page: asks, loading of models, indexing, and the application state.

Input: a Workspace. Output: progress and results for the page.
"""
