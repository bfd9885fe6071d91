"""Simulators that let all of Jackfield run on a laptop with no accounts: they speak to it over HTTP and SMTP only."""
