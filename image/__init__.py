"""Builds the container image and tries it: ``make image``, ``make image-test``. Nothing here is installed."""
