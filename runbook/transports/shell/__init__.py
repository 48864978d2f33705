"""What the ways share that run commands in a POSIX shell: its text, the end of a step in its output, files, killing.

Commands come in and sh text leaves; bytes of a stream come in and results leave. Nothing here opens a connection. Open
`script.py` first, then `frames.py`.
"""
