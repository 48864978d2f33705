"""A playbook on a timer, in the words of the systems that have timers.

A cron expression and a `Timer` come in; unit files, a crontab or a job of a CI service leave. Open `exports.py` first.
"""
