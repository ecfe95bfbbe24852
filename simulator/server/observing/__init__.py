"""What a server tells of itself while it runs: lines of a log, numbers for Prometheus, traces for OpenTelemetry.

``watch`` sees every call and every attempt at a webhook when it is over, and counts them in ``tally``; ``log`` and
``traces`` listen to it where they are wanted, ``metrics`` reads the counts when somebody asks.
"""
