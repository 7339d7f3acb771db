"""Pages for people: rendered on the server, readable without scripts, live with them. No file comes from elsewhere."""
