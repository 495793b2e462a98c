"""What runs behind the page: asks, loading of models, indexing, and what the page says of them.

Input: a Workspace. Output: progress and results, watched from the page.
"""
