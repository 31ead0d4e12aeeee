"""Jobs and their parts: launched, split, claimed, committed, finished. PostgreSQL holds them; RQ rings the bell."""
