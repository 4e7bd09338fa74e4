"""Load tests with Locust: users that call services on PostgreSQL or the API, shapes, exact times, verdicts.

`gatepost.load.users` is for locustfiles: it imports Locust, which makes the process cooperative.
"""
