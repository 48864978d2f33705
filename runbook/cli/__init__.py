"""The command line: one file for each command, in a room with those that are like it.

What was typed comes in at `main.entry`; lines on the terminal, files and one exit code leave. Only here concrete things
are chosen and built: which transport, which report, where runs are kept. Open `main.py` first: it has the table of
commands.
"""
