"""`make demo`: all of it on one machine, with two pretend customers."""
