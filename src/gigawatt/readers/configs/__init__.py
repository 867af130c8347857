"""Model configurations: keys and defaults, kinds of layers, parts of a layer, and the table of structures."""
