"""Kinds that run what the user wrote: `command`, `shell`, `script`.

A command comes in with its guards; its exit code, output and what that parses to leave as an outcome. Open `command.py`
first.
"""
