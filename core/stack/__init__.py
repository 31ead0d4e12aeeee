"""The engines that need no installation, and the supervisor that keeps them and our own processes alive."""
