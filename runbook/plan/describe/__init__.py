"""Says of every step of a plan what it will do on each host, as far as that can be known before the run.

A `Plan` comes in at `make_view.view_of`, and a `PlanView` leaves: frozen data without secrets, of which every text,
page, file and difference is made. Open `make_view.py` first.
"""
