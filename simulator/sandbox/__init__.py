"""The stateful room: everything that lives between two calls belongs to one sandbox, and two sandboxes never meet."""
