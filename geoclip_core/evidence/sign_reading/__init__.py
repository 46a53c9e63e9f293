"""Text in photos: the lines that can be read, and which of them say where the photo was taken."""
