"""Kinds about files of the host: `file`, `edit`, `copy`, `template`.

A path and what shall be in it come in; the file as it was found or made leaves, with a diff. Open `file.py` first.
"""
