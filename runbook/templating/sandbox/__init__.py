"""What a template may reach, what it may cost, and what is told of names that are not there.

The compiled template of Jinja comes in; every attribute, call and operator in it is asked about here before it happens.
Open `jinja.py` first.
"""
