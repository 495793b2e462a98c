"""Evaluation reports: measures, comparisons and plots, as an HTML page or as data files.

Input: records of questions. Output: measures and files.
"""
