"""Parser processes, bounded in time and memory.

Input: a request to parse a file or draw a page. Output: plain values, or a ParseError. `pool` runs
in the process of scoqa, `worker` in the processes it starts.
"""
