"""Webhooks on their way out: when each goes, to which addresses one may go, and how it is posted."""
