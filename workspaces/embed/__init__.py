"""The portal's frame: sessions, the shell that carries no data, who may frame it, and how it looks."""
