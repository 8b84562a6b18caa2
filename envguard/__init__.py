"""envguard: find credentials, move them into a secrets backend, document and inject them."""

__version__ = "0.1.0"
