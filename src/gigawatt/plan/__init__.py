"""What to build, where and when: an optimum under power, supply, capital and demand, and how it is financed."""
