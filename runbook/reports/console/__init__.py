"""The run as it happens: on a terminal, or as plain lines for a log.

Events come in one by one at `View.handle`; lines leave to a stream. Open `progress_view.py` first: what both views
share.
"""
