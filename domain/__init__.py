"""What happens in a hall, as pure functions: no clock, no randomness, no input or output.

One module per subject, always in the same order: commands, events, state, ``initial``, ``decide``, ``evolve``.
``message`` holds the words they share, ``catalogue`` lists the subjects, ``handling`` joins several in one act.
"""
