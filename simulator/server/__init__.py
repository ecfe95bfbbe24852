"""The only aiohttp server code: every request to a vendor, and to the simulator itself, is answered here.

``pipeline`` tells a whole exchange from top to bottom. It finds who is meant by ``addresses`` and ``paths``, reads
with ``bodies`` and ``inputs``, waits with ``waiting``, writes with ``replies``; ``files`` serves what jobs made.
``edge`` opens ports and answers what is no HTTP.
"""
