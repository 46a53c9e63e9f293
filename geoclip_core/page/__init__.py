"""Parts of the page: what it shows, what it remembers, and work that goes on behind it."""
