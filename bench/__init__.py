"""The numbers to hold, measured as ratios within one run: `make bench`."""
