"""Run parsers in separate processes with limited time and memory.

Input: a request to parse a file or render a page. Output: JSON-compatible values, or a ParseError.
`pool` runs in the main process, `worker` in the parser processes that it starts.
"""
