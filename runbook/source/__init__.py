"""Text with positions: where every key and value of a YAML file stands, and problems that point at it.

A file or a text comes in at `yaml.read_yaml`; a `Document` leaves: plain data, with a table of spans beside it. Open
`document.py` first.
"""
