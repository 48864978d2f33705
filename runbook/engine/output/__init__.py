"""What running steps print: shown line by line while it comes, and whole in files where that was asked for.

Bytes come in from a kind, and leave as lines to show and as files that hold all of it; secrets are taken out here. Open
`step_output.py` first: it puts the other two together for one attempt.
"""
