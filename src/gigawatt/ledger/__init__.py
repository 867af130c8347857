"""What really happened. The room is here so that the layers stand; its furniture comes with the ledger itself."""
