"""Who gets the compute: what each class of work needs, and power divided among them."""
