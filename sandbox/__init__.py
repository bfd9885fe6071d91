"""Simulators that let all of Jackfield run on a laptop with no accounts. They speak HTTP and SMTP; they import nothing."""
