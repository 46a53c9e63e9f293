"""How several pieces of evidence become one: asked for, joined, and kept apart where they exclude each other."""
