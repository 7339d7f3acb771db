"""Views as pure folds over the log. Each module has ``NAME``, ``key``, ``evolve``; those that are listed, ``FACETS``."""
