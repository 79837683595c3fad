"""A vendor whose catalogue is open and whose models have addresses of their own, as self-hosted servers do."""
