"""What the product does in a second, beside what most teams write; measured, not asserted."""
