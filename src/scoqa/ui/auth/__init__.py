"""Access control of the page: host checks, logins, passwords, sessions.

Input: requests. Output: the request passed on, or a refusal.
"""
