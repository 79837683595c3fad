"""Servers and gateways that speak OpenAI's images form, at any address that the owner names."""
