"""What the program can carry: its parts (``loadtests.bench``) and a whole morning (``loadtests.run_load``)."""
