"""What may turn out differently: futures drawn from declared distributions, plans lived through in each of them."""
