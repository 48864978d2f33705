"""Kinds that ask nothing of a host, or wait for it: `assert`, `set`, `note`, `fail`, `confirm`, `wait`.

Expressions, values and questions come in; a judgement, variables or an answer leave. Open `assert_.py` first: it is the
shortest.
"""
