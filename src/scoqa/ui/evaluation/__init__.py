"""The page for question sets: its routes, its runs, its list of earlier runs.

Input: requests and question sets. Output: pages, progress, reports.
"""
