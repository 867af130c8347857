"""The announcement, checked: each claim with what was stated, what is computed, and the assumption between them."""
