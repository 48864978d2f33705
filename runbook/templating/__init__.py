"""Templates and bare expressions: strict, sandboxed, with Ansible's filters, tests and lookups.

A value with templates in it and a scope come in at `render.render`; plain data leaves, or a `TemplateError` with its
place. Open `render.py` first.
"""
