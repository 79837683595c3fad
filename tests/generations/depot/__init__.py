"""A vendor of the tests that prepares: reference pictures are uploaded before the costly call. It really talks HTTP."""
