"""What the pages and the API read: plain functions over a session, keyset pages, no writes."""
