"""What the page remembers: the model for everybody; questions, answers and views for each visitor."""
