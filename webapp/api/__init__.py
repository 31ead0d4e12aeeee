"""What scripts call, and the document that describes it."""
