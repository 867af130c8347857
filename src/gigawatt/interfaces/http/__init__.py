"""The server's HTTP door: routes over the table of verbs, and what stands guard before them."""
