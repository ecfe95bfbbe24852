"""Live jobs as they really went, a scenario that is timed like them, and how far apart the two are; pure."""
