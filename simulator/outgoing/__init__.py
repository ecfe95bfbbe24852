"""Calls to elsewhere, for webhooks, inputs and the proxy: names looked up, and addresses that may not be reached."""
