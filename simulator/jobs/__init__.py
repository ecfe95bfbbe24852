"""The pure core: scenarios, plans, timelines and snapshots of jobs. No clock, no files, no network, no chance but named draws."""
