"""Records of other places become commands: read without guessing, sent so that a cut loses nothing."""
