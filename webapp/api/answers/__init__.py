"""What the API answers, one noun a module."""
