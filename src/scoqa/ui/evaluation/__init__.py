"""The evaluation page: its routes, its question sets, the current run and past runs.

Input: requests and question sets. Output: pages, progress, reports.
"""
