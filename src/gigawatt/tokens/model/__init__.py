"""What a model is and what a machine does with it: blocks, their FLOP and bytes, rooflines."""
