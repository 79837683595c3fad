"""A vendor of the tests with an open catalogue, whose registrations may carry an address of their own."""
