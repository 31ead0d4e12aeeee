"""What the portal and the worker both know. No Flask here."""
