"""Stand-ins for what we cannot have in a test: they speak the provider's real protocol over a real socket."""
