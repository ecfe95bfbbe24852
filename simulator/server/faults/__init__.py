"""How an answer goes wrong on the wire: which call meets what, what becomes of its bytes, and how they are written."""

from simulator.server.faults.meeting import meet, meet_download, meet_submit
from simulator.server.faults.spoilt import spoil, spoil_file

__all__ = ["meet", "meet_download", "meet_submit", "spoil", "spoil_file"]
