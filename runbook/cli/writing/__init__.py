"""Commands for whoever writes playbooks: `validate`, `fmt`, `init`, `doc`, `schema`, `schedule`.

Files of a project come in; problems at their places, the files in their layout, schemas and pages of the reference
leave. Open `validate.py` first.
"""
