"""The worker's processes: they take parts off the queues, run them, and tell how they are."""
