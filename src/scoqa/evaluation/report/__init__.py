"""Reports: measures, comparisons, plots, as a page or as files of other tools.

Input: records of questions. Output: measures and files.
"""
