"""Views from above: the network that places them, and the test that tells them from other pictures."""
