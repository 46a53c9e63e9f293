"""Reading what files say of themselves: containers, blocks, and claims from each kind of block."""
