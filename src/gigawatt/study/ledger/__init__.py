"""The ledger's verbs: make it, record, import, say what stands and what is due, prove it, approve and disburse."""
