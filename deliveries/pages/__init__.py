"""What the portal's pages and fragments ask of this room."""
