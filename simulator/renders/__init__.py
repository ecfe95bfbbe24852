"""Live renders: worker processes that do a job's work for real, and the runner that gives them jobs and hears of them."""
