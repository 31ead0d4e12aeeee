"""The ports of `core.ports` kept by real engines and providers. Only modules of this package name them."""
