"""Shows a plan: as text, Markdown, a page, a flowchart. What a variable is, too.

A `PlanView` comes in, and text leaves; `document.py` makes the document that all but the flowchart are written from.
Open `document.py` first.
"""
